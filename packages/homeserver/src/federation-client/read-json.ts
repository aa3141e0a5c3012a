import type { JsonValue } from '@soma/protocol';

import type { ResponseBody } from '../outbound/response-body.ts';
import { FederationError } from './federation-error.ts';

/** The body as JSON. Throws a FederationError `bad-answer` for anything else, or for one beyond `bytesMax`. */
export async function readJson(
  body: ResponseBody,
  destination: string,
  bytesMax = Infinity,
): Promise<JsonValue> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > bytesMax)
      throw new FederationError('bad-answer', destination, 'too long an answer');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw new FederationError('bad-answer', destination, 'answered no JSON', { cause: error });
  }
}
