import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, gzipSync } from 'node:zlib';

import { OutboundClient } from './outbound-client.ts';
import type { OutboundClientOptions, OutboundRequest } from './outbound-client.ts';
import { OutboundError } from './outbound-error.ts';
import type { OutboundFailure } from './outbound-error.ts';
import { serve } from './server-under-test.ts';

/** 127.0.0.2 stands for the world, 127.0.0.3 for a machine that nobody may reach from outside. */
const addresses = { blacklist: ['127.0.0.0/8', '::1'], whitelist: ['127.0.0.2'] };

function open(options: Partial<OutboundClientOptions> = {}): OutboundClient {
  const client = new OutboundClient({ addresses, userAgent: 'Soma/test', ...options });
  after(() => client.close());
  return client;
}

const client = open();

async function text(url: string, options: Partial<OutboundRequest> = {}): Promise<string> {
  const answer = await client.request({ url, ...options });
  return String(await answer.body.bytes());
}

async function fails(failure: OutboundFailure, attempt: Promise<unknown>): Promise<void> {
  await assert.rejects(attempt, (error) => {
    assert.ok(error instanceof OutboundError, String(error));
    assert.equal(error.failure, failure, error.message);
    return true;
  });
}

const path = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  switch (request.url) {
    case '/hello':
      response.end('hello');
      break;
    case '/headers':
      response.end(JSON.stringify(request.headers));
      break;
    case '/echo':
      for await (const chunk of request) response.write(chunk);
      response.end();
      break;
    case '/missing':
      response.writeHead(404).end('none');
      break;
    case '/gzip':
      response.setHeader('content-encoding', 'gzip').end(gzipSync('unpacked'));
      break;
    case '/brotli':
      response.setHeader('content-encoding', 'br').end(brotliCompressSync('unpacked'));
      break;
    case '/bomb':
      response.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(8 * 1024 * 1024)));
      break;
    case '/not-gzip':
      response.setHeader('content-encoding', 'gzip').end('plain');
      break;
    case '/lzma':
      response.setHeader('content-encoding', 'lzma').end('?');
      break;
    case '/declared':
      response.setHeader('content-length', 1_000_000);
      response.flushHeaders();
      break;
    case '/endless': {
      const more = (): void => {
        while (response.write(Buffer.alloc(16_384)));
      };
      response.on('drain', more);
      more();
      break;
    }
    case '/slow':
      response.flushHeaders();
      for (let count = 0; count < 100 && !response.closed; count += 1) {
        response.write('.');
        await sleep(20);
      }
      response.end();
      break;
    case '/stalled':
      response.write('.');
      break;
    case '/silent':
      break;
    case '/loop':
      redirect(response, '/loop');
      break;
    default:
      redirect(response, decodeURIComponent((request.url ?? '').slice(1)));
  }
};

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location }).end();
}

const port = await serve((request, response) => void path(request, response));
const forbiddenRequests: string[] = [];
const forbiddenPort = await serve((request, response) => {
  forbiddenRequests.push(request.url ?? '');
  response.end('secret');
}, '127.0.0.3');
const world = `http://127.0.0.2:${port}`;
const secret = `http://127.0.0.3:${forbiddenPort}`;
const via = (url: string): string => `${world}/${encodeURIComponent(url)}`;

test('an answer has its status, head, body and final URL', async () => {
  assert.equal(await text(`${world}/hello`), 'hello');
  const missing = await client.request({ url: `${world}/missing` });
  assert.equal(missing.status, 404);
  assert.equal(String(await missing.body.bytes()), 'none');
  const followed = await client.request({ url: via('/hello') });
  assert.equal(followed.url.href, `${world}/hello`);
  assert.equal(String(await followed.body.bytes()), 'hello');
  assert.equal(await text(`${world}/echo`, { method: 'POST', body: 'body' }), 'body');
});

test('compressed bodies are unpacked', async () => {
  assert.equal(await text(`${world}/gzip`), 'unpacked');
  assert.equal(await text(`${world}/brotli`), 'unpacked');
});

test('a forbidden address is never connected to, however it is written', async () => {
  for (const host of ['127.0.0.3', '127.3', '2130706435', '0x7f000003', '0177.0.0.3', '0x7f.0.3']) {
    await fails('refused', client.request({ url: `http://${host}:${forbiddenPort}/` }));
  }
  for (const host of ['[::ffff:127.0.0.3]', '[::ffff:7f00:3]', '[::1]', '0.0.0.0', '[::]']) {
    await fails('refused', client.request({ url: `http://${host}:${forbiddenPort}/` }));
  }
  assert.deepEqual(forbiddenRequests, []);
});

test('each redirect is checked like a request of its own', async () => {
  await fails('refused', client.request({ url: via(`${secret}/`) }));
  await fails('refused', client.request({ url: via(via(`${secret}/`)) }));
  await fails('refused', client.request({ url: via('file:///etc/passwd') }));
  await fails('refused', client.request({ url: via('data:text/plain,x') }));
  await fails('too-many-redirects', client.request({ url: `${world}/loop` }));
  await fails('refused', client.request({ url: `${world}/hello`, httpsOnly: true }));
  assert.deepEqual(forbiddenRequests, []);
});

test('credentials stay with the origin that they were meant for', async () => {
  const other = await serve((request, response) => {
    response.end(JSON.stringify(request.headers));
  });
  const headers = { authorization: 'secret', cookie: 'secret', 'x-other': 'kept' };
  const elsewhere = await text(via(`http://127.0.0.2:${other}/`), { headers });
  assert.doesNotMatch(elsewhere, /secret/);
  assert.match(elsewhere, /kept/);
  assert.match(await text(via('/headers'), { headers }), /secret/);
});

test('only http and https are spoken, without user names', async () => {
  for (const url of ['file:///etc/passwd', 'data:,x', 'ftp://127.0.0.2/', 'not a url', '//x/']) {
    await fails('refused', client.request({ url }));
  }
  await fails('refused', client.request({ url: `http://user:pass@127.0.0.2:${port}/hello` }));
});

test('a name is looked up once per connection, and the checked answer is connected to', async () => {
  const answers = [['127.0.0.2'], ['127.0.0.3']];
  let lookups = 0;
  const rebound = open({
    resolveHost: async () => answers[lookups++] ?? [],
  });
  const first = await rebound.request({ url: `http://changing.test:${port}/hello` });
  assert.equal(String(await first.body.bytes()), 'hello');
  assert.equal(lookups, 1);
  // Another port is another connection, and so another look-up: now the name points inside.
  await fails('refused', rebound.request({ url: `http://changing.test:${forbiddenPort}/` }));
  assert.equal(lookups, 2);
  assert.deepEqual(forbiddenRequests, []);
});

test('of several addresses only allowed ones are tried', async () => {
  const mixed = open({ resolveHost: async () => ['127.0.0.3', '::1', '127.0.0.2'] });
  const answer = await mixed.request({ url: `http://mixed.test:${port}/hello` });
  assert.equal(String(await answer.body.bytes()), 'hello');
  const mapped = open({ resolveHost: async () => ['::ffff:127.0.0.3', '64:ff9b::7f00:3'] });
  await fails('refused', mapped.request({ url: `http://mapped.test:${forbiddenPort}/` }));
  const nowhere = open({ resolveHost: async () => [] });
  await fails('unresolved', nowhere.request({ url: 'http://nowhere.test/' }));
});

test('a body ends at its limit, before and after decompression', async () => {
  const limits = { bodyBytesMax: 100_000 };
  await fails('too-large', text(`${world}/endless`, { limits }));
  await fails('too-large', text(`${world}/declared`, { limits }));
  await fails('too-large', text(`${world}/bomb`, { limits }));
  // Within the limit of bytes it is the ratio that tells a bomb.
  await fails('too-large', text(`${world}/bomb`));
  await fails('encoding', text(`${world}/not-gzip`));
  await fails('encoding', text(`${world}/lzma`));
});

test('time is bounded to the head, between pieces, and in all', async () => {
  await fails('timeout', text(`${world}/silent`, { limits: { headersMs: 100 } }));
  await fails('timeout', text(`${world}/silent`, { limits: { totalMs: 100 } }));
  await fails('timeout', text(`${world}/stalled`, { limits: { idleMs: 100 } }));
  await fails('timeout', text(`${world}/slow`, { limits: { totalMs: 200, idleMs: 5_000 } }));
  const hanging = open({ resolveHost: () => new Promise(() => {}), limits: { connectMs: 100 } });
  await fails('timeout', hanging.request({ url: 'http://hanging.test/' }));
});

test('a caller gives a request up, also while its body comes', async () => {
  const before = AbortSignal.abort();
  await fails('aborted', client.request({ url: `${world}/hello`, signal: before }));
  const aborter = new AbortController();
  const answer = await client.request({ url: `${world}/endless`, signal: aborter.signal });
  await fails(
    'aborted',
    (async () => {
      for await (const chunk of answer.body) {
        assert.notEqual(chunk.length, 0);
        aborter.abort();
      }
    })(),
  );
});

test('nothing listening is a failed connection', async () => {
  const closed = await serve(() => {}, '127.0.0.2');
  assert.notEqual(closed, 1);
  await fails('connection', client.request({ url: 'http://127.0.0.2:1/' }));
});

test('a reader that is slow holds the sender back', async () => {
  let written = 0;
  const big = await serve((_request, response) => {
    const more = (): void => {
      while (written < 64 * 1024 * 1024 && response.write(Buffer.alloc(65_536))) written += 65_536;
    };
    response.on('drain', more);
    more();
  });
  const limits = { bodyBytesMax: 1024 ** 3 };
  const answer = await client.request({ url: `http://127.0.0.2:${big}/`, limits });
  await answer.body[Symbol.asyncIterator]().next();
  await sleep(200);
  answer.body.discard();
  assert.ok(written < 32 * 1024 * 1024, `${written} bytes were sent to nobody`);
});

test('after close nothing is open any more', async () => {
  const closing = new OutboundClient({ addresses, userAgent: 'Soma/test' });
  const answer = await closing.request({ url: `${world}/slow` });
  const reading = answer.body.bytes();
  await closing.close();
  await fails('connection', reading);
});
