import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';

import { textAt } from '../../tests/harness/json-path.ts';

const path = '/_matrix/media/v3/upload';

/** Uploads chunks as fast as they are taken, and gives the media ID. */
export async function upload(
  port: number,
  token: string,
  chunks: readonly Buffer[],
): Promise<string> {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const headers = { authorization: `Bearer ${token}`, 'content-length': String(length) };
  const outgoing = request({ port, host: '127.0.0.1', method: 'POST', path, headers });
  const answered = once(outgoing, 'response');
  for (const chunk of chunks) if (!outgoing.write(chunk)) await once(outgoing, 'drain');
  outgoing.end();
  const [incoming] = await answered;
  const uri = textAt(JSON.parse((await collect(incoming)).toString()), 'content_uri');
  return uri.split('/').at(-1) ?? '';
}

/** Reads an answer to its end and gives the number of its bytes. */
export async function download(port: number, token: string, target: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  const outgoing = request({ port, host: '127.0.0.1', path: target, headers });
  outgoing.end();
  const [incoming] = await once(outgoing, 'response');
  if (incoming.statusCode !== 200) {
    const text = (await collect(incoming)).toString();
    throw new Error(`GET ${target} gave ${incoming.statusCode}: ${text}`);
  }
  let bytes = 0;
  for await (const chunk of incoming) bytes += chunk.length;
  return bytes;
}

async function collect(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part);
  return Buffer.concat(parts);
}
