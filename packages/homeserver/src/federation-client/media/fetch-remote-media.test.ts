import assert from 'node:assert/strict';
import type { RequestListener, ServerResponse } from 'node:http';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { createTestAuthority } from '../../../../../tests/harness/test-certificates.ts';
import { OutboundClient } from '../../outbound/outbound-client.ts';
import { serve } from '../../outbound/server-under-test.ts';
import { openClient, serveTls } from '../client-under-test.ts';
import { FederationError } from '../federation-error.ts';
import { fetchRemoteMedia } from './fetch-remote-media.ts';
import type { RemoteMedia, RemoteMediaOptions } from './fetch-remote-media.ts';

const authority = createTestAuthority();
const file = Buffer.from('the bytes\r\n--of the file--\r\n');
const options = { timeoutMs: 5_000, bytesMax: 1_000_000 };

let answer: RequestListener = () => {};
const http = new OutboundClient({
  addresses: { blacklist: ['127.0.0.0/8'], whitelist: ['127.0.0.2'] },
  userAgent: 'Soma/test',
});
after(() => http.close());
const opened = await openClient({ authority });
const server = await serveTls(authority, ['media.test'], (request, response) => {
  answer(request, response);
});
const elsewhere = await serve((request, response) => {
  const isThere = request.url === '/file';
  response.writeHead(isThere ? 200 : 410, { 'content-type': 'image/png' }).end(file);
});

function fetchMedia(changes: Partial<RemoteMediaOptions> = {}): Promise<RemoteMedia> {
  const clients = { federation: opened.client, http };
  const serverName = `media.test:${server.port}`;
  return fetchRemoteMedia(clients, serverName, 'the/id', { ...options, ...changes });
}

async function bytesOf({ body }: RemoteMedia): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The head of a multipart answer with its metadata, up to the second part's headers. */
function begin(response: ServerResponse, ...headers: readonly string[]): void {
  response.setHeader('content-type', 'multipart/mixed; boundary=parts');
  response.write('--parts\r\nContent-Type: application/json\r\n\r\n{}\r\n--parts\r\n');
  response.write(`${headers.join('\r\n')}\r\n\r\n`);
}

async function failsWith(failure: string, attempt: Promise<unknown>): Promise<FederationError> {
  const error = await attempt.then(
    () => assert.fail('it succeeded'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof FederationError, String(error));
  assert.equal(error.failure, failure, error.message);
  return error;
}

test('the file of a multipart answer, with its type and name', async () => {
  answer = (_request, response) => {
    begin(response, 'Content-Type: image/png', 'Content-Disposition: inline; filename=a.png');
    response.write(file);
    response.end('\r\n--parts--\r\n');
  };
  const media = await fetchMedia();
  assert.equal(media.contentType, 'image/png');
  assert.equal(media.contentDisposition, 'inline; filename=a.png');
  assert.deepEqual(await bytesOf(media), file);
  const asked = server.seen.at(-1);
  assert.equal(asked?.target, '/_matrix/federation/v1/media/download/the%2Fid?timeout_ms=5000');
  assert.match(asked.authorization ?? '', /^X-Matrix /);
});

test('the file is there before it is whole', async () => {
  let finish = (): void => {};
  answer = (_request, response) => {
    begin(response, 'Content-Type: text/plain');
    response.write(Buffer.alloc(1000, 'a'));
    finish = () => void response.end('b\r\n--parts--\r\n');
  };
  const { body } = await fetchMedia();
  const reading = body[Symbol.asyncIterator]();
  const first = await reading.next();
  assert.ok(first.done !== true && first.value.length > 900);
  finish();
  let length = first.value.length;
  for (let next = await reading.next(); next.done !== true; next = await reading.next()) {
    length += next.value.length;
  }
  assert.equal(length, 1001);
});

test('a file that is kept elsewhere is taken from there, under the same guards', async () => {
  const redirectTo = (location: string): void => {
    answer = (_request, response) => {
      begin(response, `Location: ${location}`);
      response.end('\r\n--parts--\r\n');
    };
  };
  redirectTo(`http://127.0.0.2:${elsewhere}/file`);
  const media = await fetchMedia();
  assert.equal(media.contentType, 'image/png');
  assert.deepEqual(await bytesOf(media), file);
  redirectTo(`http://127.0.0.2:${elsewhere}/gone`);
  await failsWith('bad-answer', fetchMedia());
  redirectTo(`http://127.0.0.3:${elsewhere}/file`);
  await failsWith('unreachable', fetchMedia());
  redirectTo('file:///etc/passwd');
  await failsWith('unreachable', fetchMedia());
});

test('a server that does not know the endpoint is asked at the old one, without a signature', async () => {
  answer = (request, response) => {
    if (request.url?.startsWith('/_matrix/federation/') === true) {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end('{"errcode":"M_UNRECOGNIZED","error":"unknown"}');
    } else {
      response.setHeader('content-type', 'image/gif');
      response.end(file);
    }
  };
  const media = await fetchMedia();
  assert.equal(media.contentType, 'image/gif');
  assert.deepEqual(await bytesOf(media), file);
  const { target, authorization } = server.seen.at(-1) ?? {};
  const path = `/_matrix/media/v3/download/media.test%3A${server.port}/the%2Fid`;
  assert.equal(target, `${path}?allow_remote=false&timeout_ms=5000`);
  assert.equal(authorization, undefined);
});

test('a refusal is told as it came', async () => {
  for (const [status, errcode] of [
    [404, 'M_NOT_FOUND'],
    [504, 'M_NOT_YET_UPLOADED'],
    [502, 'M_TOO_LARGE'],
  ] as const) {
    answer = (_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ errcode, error: 'no' }));
    };
    const error = await failsWith('refused', fetchMedia());
    assert.deepEqual([error.status, error.errcode], [status, errcode]);
  }
});

test('a file that is too large, or breaks off, fails', async () => {
  answer = (_request, response) => {
    begin(response, 'Content-Type: text/plain');
    response.write(Buffer.alloc(5_000));
    response.end('\r\n--parts--\r\n');
  };
  await failsWith('bad-answer', bytesOf(await fetchMedia({ bytesMax: 4_000 })));
  answer = (_request, response) => {
    begin(response, 'Content-Type: text/plain');
    response.end('half of it');
  };
  await failsWith('bad-answer', bytesOf(await fetchMedia()));
  answer = (_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<html>');
  };
  await failsWith('bad-answer', fetchMedia());
  answer = (_request, response) => {
    response.setHeader('content-type', 'multipart/mixed; boundary=parts');
    response.end('--parts\r\n\r\n{}\r\n--parts--');
  };
  await failsWith('bad-answer', fetchMedia());
});

test('a slow reader holds the sender back, and a reader that leaves ends the transfer', async () => {
  let written = 0;
  let isClosed = false;
  answer = (_request, response) => {
    begin(response, 'Content-Type: text/plain');
    const more = (): void => {
      while (!isClosed && response.write(Buffer.alloc(65_536))) written += 65_536;
    };
    response.on('drain', more);
    response.on('close', () => (isClosed = true));
    more();
  };
  const media = await fetchMedia({ bytesMax: 1024 ** 3 });
  await media.body[Symbol.asyncIterator]().next();
  await sleep(200);
  assert.ok(written < 32 * 1024 * 1024, `${written} bytes were sent to nobody`);
  media.discard();
  for (let waits = 0; !isClosed && waits < 100; waits += 1) await sleep(20);
  assert.ok(isClosed);
});
