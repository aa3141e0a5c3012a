import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { ask, startEdge } from './edge-under-test.ts';
import type { EdgeUnderTest, SampleRequest } from './edge-under-test.ts';
import { RateLimiter } from './rate-limit.ts';

let running: EdgeUnderTest;
before(async () => {
  running = await startEdge();
});
after(() => running.edge.close(1_000));

async function answer(sample: SampleRequest): Promise<[number, unknown]> {
  const { status, json } = await ask(running.port, sample);
  return [status, json];
}

const statePath = '/_matrix/client/v3/rooms/r/state/m.room.name/';
const sendPath = '/_matrix/client/v3/rooms/r/send/m.x/1';

test('the token may be in the header, in any case, or in the query', async () => {
  for (const authorization of ['Bearer alice', 'bearer alice', 'BEARER  alice ']) {
    const [status] = await answer({ path: statePath, headers: { authorization } });
    assert.equal(status, 200, authorization);
  }
  assert.equal((await answer({ path: `${statePath}?access_token=alice` }))[0], 200);
  assert.equal((await answer({ path: statePath, token: 'slow' }))[0], 200);
});

test('an absent or malformed token is M_MISSING_TOKEN', async () => {
  const refused: SampleRequest[] = [
    { path: statePath },
    { path: `${statePath}?access_token=` },
    { path: statePath, headers: { authorization: 'Basic YTpi' } },
    { path: statePath, headers: { authorization: 'Bearer' } },
    { path: statePath, headers: { authorization: 'Bearer a b' } },
    { path: `${statePath}?access_token=alice`, token: 'alice' },
  ];
  for (const sample of refused) {
    const [status, json] = await answer(sample);
    assert.equal(status, 401);
    assert.partialDeepStrictEqual(json, { errcode: 'M_MISSING_TOKEN' });
  }
});

test('an unknown token is M_UNKNOWN_TOKEN, an expired one a soft logout', async () => {
  const [status, unknown] = await answer({ path: statePath, token: 'nobody' });
  assert.equal(status, 401);
  assert.partialDeepStrictEqual(unknown, { errcode: 'M_UNKNOWN_TOKEN', soft_logout: false });
  const [, expired] = await answer({ path: statePath, token: 'expired' });
  assert.partialDeepStrictEqual(expired, { errcode: 'M_UNKNOWN_TOKEN', soft_logout: true });
});

test('guests use only what is open to them', async () => {
  assert.equal((await answer({ path: statePath, token: 'guest' }))[0], 200);
  const [status, json] = await answer({
    method: 'PUT',
    path: sendPath,
    token: 'guest',
    body: '{}',
  });
  assert.equal(status, 403);
  assert.partialDeepStrictEqual(json, { errcode: 'M_GUEST_ACCESS_FORBIDDEN' });
});

test('a locked account may log out and nothing else', async () => {
  const [status, json] = await answer({ path: statePath, token: 'locked' });
  assert.equal(status, 401);
  assert.partialDeepStrictEqual(json, { errcode: 'M_USER_LOCKED', soft_logout: true });
  const logout = { method: 'POST', path: '/_matrix/client/v3/logout', token: 'locked' };
  assert.equal((await answer(logout))[0], 200);
});

test('admin endpoints want an admin', async () => {
  const path = '/_synapse/admin/v1/users';
  const [status, json] = await answer({ path, token: 'alice' });
  assert.equal(status, 403);
  assert.partialDeepStrictEqual(json, { errcode: 'M_FORBIDDEN' });
  const admitted = await ask(running.port, { path, token: 'admin' });
  assert.equal(admitted.status, 201);
  assert.deepEqual(admitted.json, { user: '@admin:example.org' });
  // A header of the reply replaces the edge's own.
  assert.equal(admitted.headers['cache-control'], 'max-age=60');
});

test('an optional token is used, and refused if it is wrong', async () => {
  const path = '/_matrix/client/v3/versions';
  assert.deepEqual(await answer({ path }), [200, { user: null }]);
  assert.deepEqual(await answer({ path, token: 'alice' }), [200, { user: '@alice:example.org' }]);
  assert.equal((await answer({ path, token: 'nobody' }))[0], 401);
});

test('X-Forwarded-For counts only where the listener says so', async () => {
  const login: SampleRequest = {
    method: 'POST',
    path: '/_matrix/client/v3/login',
    headers: { 'x-forwarded-for': '203.0.113.7, 10.0.0.1' },
    body: '{"type":"m.x"}',
  };
  assert.deepEqual(await answer(login), [200, { type: 'm.x', clientAddress: '127.0.0.1' }]);
  const behindProxy = await startEdge({ xForwarded: true, requestIdHeader: 'x-request-id' });
  const headers = { ...login.headers, 'x-request-id': 'from-proxy' };
  const { json } = await ask(behindProxy.port, { ...login, headers });
  assert.deepEqual(json, { type: 'm.x', clientAddress: '203.0.113.7' });
  assert.equal(behindProxy.log[0]?.['id'], 'from-proxy');
  await behindProxy.edge.close(1_000);
});

test('an endpoint counts against its rate limit', async () => {
  const limiter = new RateLimiter({ perSecond: 0.001, burstCount: 1 });
  const limited = await startEdge(
    { xForwarded: true },
    { rateLimits: { 'rc_login.address': { limiter, keyedBy: 'address' } } },
  );
  const login = (address: string) =>
    ask(limited.port, {
      method: 'POST',
      path: '/_matrix/client/v3/login',
      headers: { 'x-forwarded-for': address },
      body: '{"type":"m.x"}',
    });
  assert.equal((await login('203.0.113.1')).status, 200);
  const refused = await login('203.0.113.1');
  assert.equal(refused.status, 429);
  assert.partialDeepStrictEqual(refused.json, { errcode: 'M_LIMIT_EXCEEDED' });
  assert.ok(Number(refused.headers['retry-after']) > 900);
  assert.equal((await login('203.0.113.2')).status, 200);
  await limited.edge.close(1_000);
});
