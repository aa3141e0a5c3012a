import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

import { StartRefusal } from '../config/start-refusal.ts';

/** Whether there is somebody to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY;
}

/** Asks for a password twice, without showing it; of a pipe it reads one line. */
export async function askNewPassword(): Promise<string> {
  const password = await ask('Password: ', { hidden: true });
  if (password === '') throw new StartRefusal('A password cannot be empty.');
  if (canAsk() && (await ask('The password again: ', { hidden: true })) !== password) {
    throw new StartRefusal('The two passwords differ.');
  }
  return password;
}

/** Asks for one line. Throws a StartRefusal where the input ends instead. */
export async function ask(question: string, { hidden }: { hidden: boolean }): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({
    input: process.stdin,
    output: hidden ? silent : process.stderr,
    terminal: canAsk(),
    historySize: 0,
  });
  try {
    return await new Promise((answered, failed) => {
      lines.once('line', answered);
      lines.once('SIGINT', () => failed(new StartRefusal('Stopped.')));
      lines.once('close', () => failed(new StartRefusal('There was no answer.')));
    });
  } finally {
    lines.close();
    if (hidden && canAsk()) process.stderr.write('\n');
  }
}
