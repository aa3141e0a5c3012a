import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { OutboundClient } from '../../outbound/outbound-client.ts';
import { serve } from '../../outbound/server-under-test.ts';
import { WellKnown } from './well-known.ts';

const hourMs = 3_600_000;

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface WellKnownUnderTest {
  readonly wellKnown: WellKnown;
  readonly clock: { nowMs: number };
  /** How often the file was asked for. */
  requests(): number;
  /** What is answered from now on; undefined breaks the connection. */
  answer(next: Answer | undefined): void;
}

/** The files of all hosts come from one plain server of the test, through the real client. */
async function open(random = 0.5): Promise<WellKnownUnderTest> {
  let requests = 0;
  let answer: Answer | undefined = {};
  const port = await serve((request, response) => {
    if (request.url === '/elsewhere') {
      response.end('{"m.server":"redirected.test"}');
      return;
    }
    assert.equal(request.url, '/.well-known/matrix/server');
    requests += 1;
    if (answer === undefined) response.destroy();
    else response.writeHead(answer.status ?? 200, answer.headers).end(answer.body);
  });
  const client = new OutboundClient({
    addresses: { blacklist: ['127.0.0.0/8'], whitelist: ['127.0.0.2'] },
    userAgent: 'Soma/test',
  });
  after(() => client.close());
  const clock = { nowMs: 1_700_000_000_000 };
  const http: Pick<OutboundClient, 'request'> = {
    request: ({ url, httpsOnly, ...request }) => {
      assert.ok(httpsOnly);
      const { protocol, pathname } = new URL(url);
      assert.equal(protocol, 'https:');
      return client.request({ ...request, url: `http://127.0.0.2:${port}${pathname}` });
    },
  };
  const wellKnown = new WellKnown({ http, now: () => clock.nowMs, random: () => random });
  const set = (next: Answer | undefined): void => void (answer = next);
  return { wellKnown, clock, requests: () => requests, answer: set };
}

const delegation: Answer = { body: '{"m.server":"matrix.example.org:443"}' };

async function holdsFor(headers: Record<string, string>, periodMs: number): Promise<void> {
  const { wellKnown, clock, requests, answer } = await open();
  answer({ ...delegation, headers });
  assert.equal(await wellKnown.delegateOf('example.org'), 'matrix.example.org:443');
  clock.nowMs += periodMs - 1;
  await wellKnown.delegateOf('example.org');
  assert.equal(requests(), 1, JSON.stringify(headers));
  clock.nowMs += 2;
  await wellKnown.delegateOf('example.org');
  assert.equal(requests(), 2, JSON.stringify(headers));
}

test('a delegation holds as long as it says, between five minutes and 48 hours', async () => {
  await holdsFor({}, 24 * hourMs);
  await holdsFor({ 'cache-control': 'public, max-age=7200' }, 2 * hourMs);
  await holdsFor({ 'cache-control': 'max-age=31536000' }, 48 * hourMs);
  await holdsFor({ 'cache-control': 'max-age=0' }, hourMs / 12);
  await holdsFor({ 'cache-control': 'no-cache' }, hourMs / 12);
  await holdsFor({ 'cache-control': 'No-Cache, max-age=7200' }, hourMs / 12);
  await holdsFor({ expires: new Date(1_700_000_000_000 + hourMs).toUTCString() }, hourMs);
  await holdsFor({ expires: '0' }, hourMs / 12);
});

test('no-store is not remembered', async () => {
  const { wellKnown, requests, answer } = await open();
  answer({ ...delegation, headers: { 'cache-control': 'no-store' } });
  await wellKnown.delegateOf('example.org');
  assert.equal(await wellKnown.delegateOf('example.org'), 'matrix.example.org:443');
  assert.equal(requests(), 2);
});

test('what is no delegation is none, and asked again ever later, up to an hour', async () => {
  const { wellKnown, clock, requests, answer } = await open();
  for (const wrong of [
    { status: 404, body: '{"m.server":"matrix.example.org"}' },
    { body: 'no JSON' },
    { body: '[]' },
    { body: '{}' },
    { body: '{"m.server":5}' },
    { body: '{"m.server":"https://matrix.example.org"}' },
    { body: `{"m.server":"matrix.example.org","padding":"${'x'.repeat(51_200)}"}` },
    undefined,
  ]) {
    answer(wrong);
    assert.equal(await wellKnown.delegateOf('example.org'), undefined, wrong?.body);
    clock.nowMs += 2 * hourMs;
  }
  assert.equal(requests(), 8);
  const others = await open();
  others.answer({ status: 500 });
  const askedAtMinutes: number[] = [];
  for (let minute = 0; minute < 240; minute += 1) {
    const before = others.requests();
    await others.wellKnown.delegateOf('example.org');
    if (others.requests() > before) askedAtMinutes.push(minute);
    others.clock.nowMs += 60_000;
  }
  assert.deepEqual(askedAtMinutes, [0, 2, 6, 14, 30, 62, 122, 182]);
});

test('no failure is remembered for more than an hour', async () => {
  const { wellKnown, clock, requests, answer } = await open(1);
  answer({ status: 500 });
  for (let failures = 1; failures <= 10; failures += 1) {
    await wellKnown.delegateOf('example.org');
    assert.equal(requests(), failures);
    clock.nowMs += hourMs;
  }
});

test('a delegation stays while its server is away, but not beyond 48 hours', async () => {
  const { wellKnown, clock, answer } = await open();
  answer(delegation);
  await wellKnown.delegateOf('example.org');
  answer(undefined);
  clock.nowMs += 25 * hourMs;
  assert.equal(await wellKnown.delegateOf('example.org'), 'matrix.example.org:443');
  clock.nowMs += 24 * hourMs;
  assert.equal(await wellKnown.delegateOf('example.org'), undefined);
});

test('a delegation that was taken back is gone when it is asked for again', async () => {
  const { wellKnown, clock, answer } = await open();
  answer(delegation);
  await wellKnown.delegateOf('example.org');
  answer({ status: 404 });
  clock.nowMs += 25 * hourMs;
  assert.equal(await wellKnown.delegateOf('example.org'), undefined);
});

test('redirects are followed, but not in circles', async () => {
  const { wellKnown, clock, answer } = await open();
  for (const status of [301, 302, 303, 307, 308]) {
    answer({ status, headers: { location: '/elsewhere' } });
    assert.equal(await wellKnown.delegateOf(`s${status}.test`), 'redirected.test');
  }
  answer({ status: 302, headers: { location: '/.well-known/matrix/server' } });
  assert.equal(await wellKnown.delegateOf('circle.test'), undefined);
  clock.nowMs += 2 * hourMs;
  answer({ status: 302 });
  assert.equal(await wellKnown.delegateOf('circle.test'), undefined, 'it leads nowhere');
});

test('requests at one time share one answer', async () => {
  const { wellKnown, requests, answer } = await open();
  answer(delegation);
  const hosts = ['example.org', 'example.org', 'other.test', 'example.org'];
  await Promise.all(hosts.map((host) => wellKnown.delegateOf(host)));
  assert.equal(requests(), 2);
});
