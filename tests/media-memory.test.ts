import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { registerUser, type TestUser } from './harness/client.ts';
import { startHomeserver, type TestHomeserver } from './harness/homeserver-process.ts';
import { textAt } from './harness/json-path.ts';
import { download, upload } from './harness/media-requests.ts';
import { peakDuring, residentMemory } from './harness/resident-memory.ts';

const atOnce = 20;
const chunk = randomBytes(1_000_000);
const chunkCount = 25;
const megabytesMax = 60;

async function uploadSlowly(server: TestHomeserver, { accessToken }: TestUser): Promise<string> {
  const length = String(chunk.length * chunkCount);
  const headers = { authorization: `Bearer ${accessToken}`, 'content-length': length };
  const path = '/_matrix/media/v3/upload';
  const outgoing = httpRequest({ port: server.port, method: 'POST', path, headers, agent: false });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve).once('error', reject);
  });
  for (let count = 0; count < chunkCount; count += 1) {
    if (!outgoing.write(chunk)) await new Promise((resolve) => outgoing.once('drain', resolve));
  }
  outgoing.end();
  const parts: Buffer[] = [];
  for await (const part of await answered) parts.push(part);
  return textAt(JSON.parse(Buffer.concat(parts).toString()), 'content_uri');
}

async function openDownload(
  server: TestHomeserver,
  { accessToken }: TestUser,
  mediaId: string,
): Promise<IncomingMessage> {
  const headers = { authorization: `Bearer ${accessToken}` };
  const path = `/_matrix/client/v1/media/download/soma.test/${mediaId}`;
  return new Promise((resolve, reject) => {
    const options = { port: server.port, path, headers, agent: false };
    httpRequest(options, resolve).once('error', reject).end();
  });
}

async function digestOf(incoming: IncomingMessage): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of incoming) hash.update(part);
  return hash.digest('hex');
}

test('many large uploads and downloads at once take little memory (sqlite)', async () => {
  await using server = await startHomeserver();
  const alice = await registerUser(server, 'alice');
  // What is loaded at the first request is no matter of how much comes.
  await download(alice, await upload(alice, chunk));
  await sleep(500);
  const idle = residentMemory(server.pid());
  const expected = createHash('sha256');
  for (let count = 0; count < chunkCount; count += 1) expected.update(chunk);
  const digest = expected.digest('hex');

  const uploads = Promise.all(Array.from({ length: atOnce }, () => uploadSlowly(server, alice)));
  const whileUploading = await peakDuring(server.pid(), uploads);
  const [uri = ''] = await uploads;
  const mediaId = uri.slice('mxc://soma.test/'.length);
  const downloads = Promise.all(
    Array.from({ length: atOnce }, async () =>
      digestOf(await openDownload(server, alice, mediaId)),
    ),
  );
  const whileDownloading = await peakDuring(server.pid(), downloads);
  assert.ok((await downloads).every((each) => each === digest));
  const grown = [whileUploading - idle, whileDownloading - idle];
  assert.ok(Math.max(...grown) < megabytesMax, `it grew by ${grown.map(Math.round).join(', ')} MB`);
});

test('clients that read slowly hold nobody up (sqlite)', async () => {
  await using server = await startHomeserver();
  const alice = await registerUser(server, 'alice');
  const bytes = Buffer.concat(Array.from({ length: chunkCount }, () => chunk));
  const mediaId = await upload(alice, bytes);
  const slow = await Promise.all(
    Array.from({ length: 2 * atOnce }, () => openDownload(server, alice, mediaId)),
  );
  // None of them has read anything, and yet others are served, and can upload.
  assert.ok((await download(alice, mediaId)).bytes.equals(bytes));
  await upload(alice, chunk);
  for (const incoming of slow) {
    assert.equal(incoming.statusCode, 200);
    incoming.destroy();
  }
});
