import type { Answer } from './answer-reader.ts';

/** Throws with what the server said when the answer is not a 200. */
export function expectOk({ status, body }: Answer, request: string): void {
  if (status !== 200) throw new Error(`${request} gave ${status} ${body.toString()}`);
}
