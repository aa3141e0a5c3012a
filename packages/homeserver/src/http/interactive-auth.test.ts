import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MatrixError } from '../errors/matrix-error.ts';
import { InteractiveAuth } from './interactive-auth.ts';
import type { Flows, InteractiveOutcome, InteractiveRequest } from './interactive-auth.ts';
import { dummyStage } from './interactive-auth/dummy-stage.ts';
import { MemorySessions } from './interactive-auth/memory-sessions.ts';
import type { MemorySessionsOptions } from './interactive-auth/memory-sessions.ts';
import { passwordStage } from './interactive-auth/password-stage.ts';
import { completed, failed } from './interactive-auth/stage.ts';
import type { Stage } from './interactive-auth/stage.ts';
import { RateLimiter } from './rate-limit.ts';

const alice = '@alice:example.org';
const dummy: Flows = [['m.login.dummy']];
const password: Flows = [['m.login.password']];
const two: Flows = [
  ['sample.a', 'sample.b'],
  ['sample.a', 'sample.mail'],
];

const isMailRead = new Set<string>();

function sampleStage(type: string): Stage {
  return {
    type,
    params: () => ({ of: type }),
    check: async ({ secret }) =>
      secret === type ? completed(`${type} done`) : failed('M_FORBIDDEN', 'Wrong secret'),
  };
}

const mailStage: Stage = {
  type: 'sample.mail',
  check: async () => ({ isCompleted: false, extra: { mail: 'sent' } }),
  poll: async ({ id }) => (isMailRead.has(id) ? completed('read') : { isCompleted: false }),
};

interface Setup {
  readonly ask: (
    body: object,
    more?: Partial<InteractiveRequest>,
    flows?: Flows,
  ) => Promise<Answer>;
  readonly auth: InteractiveAuth;
}
interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly outcome?: InteractiveOutcome;
}

function setUp(defaultFlows: Flows, options: MemorySessionsOptions = {}): Setup {
  const verify = async (identifier: object, secret: string): Promise<string | undefined> =>
    secret === 'right' && 'user' in identifier ? String(identifier.user) : undefined;
  const auth = new InteractiveAuth({
    stages: [
      dummyStage,
      passwordStage(verify),
      sampleStage('sample.a'),
      sampleStage('sample.b'),
      mailStage,
    ],
    sessions: new MemorySessions(options),
    failedAttempts: new RateLimiter({ perSecond: 0.001, burstCount: 3 }),
  });
  const ask: Setup['ask'] = async (body, more = {}, flows = defaultFlows) => {
    const request: InteractiveRequest = {
      method: 'POST',
      path: '/_matrix/client/v3/delete_devices',
      clientAddress: '203.0.113.1',
      requester: { userId: alice },
      body: { ...body },
      ...more,
    };
    try {
      const outcome = await auth.authenticate(request, flows);
      return { status: 200, body: { ...outcome.body }, outcome };
    } catch (error) {
      if (!(error instanceof MatrixError)) throw error;
      return { status: error.status, body: { ...error.body() } };
    }
  };
  return { ask, auth };
}

test('a request without auth is asked for it, even where a dummy is enough', async () => {
  const { ask } = setUp(dummy);
  for (const body of [{ devices: ['A'] }, { devices: ['A'], auth: {} }]) {
    const answer = await ask(body);
    assert.equal(answer.status, 401);
    assert.deepEqual(answer.body['flows'], [{ stages: ['m.login.dummy'] }]);
    assert.deepEqual(answer.body['params'], {});
    assert.equal(answer.body['errcode'], undefined);
    assert.equal(typeof answer.body['session'], 'string');
  }
});

test('the dummy completes, with a session or at once, and the body comes without auth', async () => {
  const { ask } = setUp(dummy);
  const { body } = await ask({ devices: ['A'] });
  const auth = { type: 'm.login.dummy', session: body['session'] };
  const answer = await ask({ devices: ['A'], auth });
  assert.deepEqual([answer.status, answer.body], [200, { devices: ['A'] }]);
  assert.equal((await ask({ auth: { type: 'm.login.dummy' } })).status, 200);
});

test('stages are done in order, and completed ones are remembered', async () => {
  const { ask } = setUp(two);
  const first = await ask({});
  const session = first.body['session'];
  assert.deepEqual(first.body['params'], {
    'sample.a': { of: 'sample.a' },
    'sample.b': { of: 'sample.b' },
  });
  const early = await ask({ auth: { type: 'sample.b', session, secret: 'sample.b' } });
  assert.partialDeepStrictEqual(early, {
    status: 401,
    body: { errcode: 'M_FORBIDDEN', completed: [] },
  });
  const a = await ask({ auth: { type: 'sample.a', session, secret: 'sample.a' } });
  assert.deepEqual(a.body['completed'], ['sample.a']);
  assert.equal(a.body['errcode'], undefined);
  const again = await ask({ auth: { type: 'sample.a', session, secret: 'wrong now' } });
  assert.deepEqual(again.body['completed'], ['sample.a']);
  const b = await ask({ auth: { type: 'sample.b', session, secret: 'sample.b' } });
  assert.equal(b.status, 200);
  assert.deepEqual(
    [...(b.outcome?.results ?? [])],
    [
      ['sample.a', 'sample.a done'],
      ['sample.b', 'sample.b done'],
    ],
  );
});

test('a stage that fails can be tried again, until there were too many failures', async () => {
  const { ask } = setUp([['sample.a']]);
  const session = (await ask({})).body['session'];
  const wrong = await ask({ auth: { type: 'sample.a', session, secret: 'wrong' } });
  assert.partialDeepStrictEqual(wrong, {
    status: 401,
    body: { errcode: 'M_FORBIDDEN', error: 'Wrong secret', completed: [], session },
  });
  await ask({ auth: { type: 'sample.a', session, secret: 'wrong' } });
  await ask({ auth: { type: 'sample.a', session, secret: 'wrong' } });
  const limited = await ask({ auth: { type: 'sample.a', session, secret: 'sample.a' } });
  assert.partialDeepStrictEqual(limited, { status: 429, body: { errcode: 'M_LIMIT_EXCEEDED' } });
});

test('a stage that is done elsewhere is polled with the session alone', async () => {
  const { ask, auth } = setUp(two);
  const session = String((await ask({ x: 1 })).body['session']);
  await ask({ x: 1, auth: { type: 'sample.a', session, secret: 'sample.a' } });
  const sent = await ask({ x: 1, auth: { type: 'sample.mail', session } });
  assert.partialDeepStrictEqual(sent, { status: 401, body: { mail: 'sent' } });
  assert.equal((await ask({ x: 1, auth: { session } })).status, 401);
  isMailRead.add(session);
  assert.equal((await ask({ x: 1, auth: { session } })).status, 200);

  const other = String((await ask({ x: 1 })).body['session']);
  await auth.completeElsewhere(other, 'sample.a', 'by the fallback');
  const polled = await ask({ x: 1, auth: { session: other } });
  assert.deepEqual(polled.body['completed'], ['sample.a']);
  await assert.rejects(auth.completeElsewhere('nonsense', 'sample.a', true), { status: 400 });
});

test('a session holds for one method, path and user', async () => {
  const { ask } = setUp(dummy);
  const session = (await ask({})).body['session'];
  const auth = { type: 'm.login.dummy', session };
  const changes: Partial<InteractiveRequest>[] = [
    { method: 'DELETE' },
    { path: '/_matrix/client/v3/account/deactivate' },
    { requester: { userId: '@mallory:example.org' } },
    { requester: undefined },
  ];
  for (const change of changes) {
    const answer = await ask({ auth }, change);
    assert.partialDeepStrictEqual(answer, { status: 403, body: { errcode: 'M_UNKNOWN' } });
  }
  assert.equal((await ask({ auth })).status, 200);
});

test('the body may be left out, may change before a stage is done, and not after', async () => {
  const { ask } = setUp([['sample.a', 'sample.b']]);
  const session = (await ask({ probe: true })).body['session'];
  const a = { type: 'sample.a', session, secret: 'sample.a' };
  const b = { type: 'sample.b', session, secret: 'sample.b' };
  assert.equal((await ask({ devices: ['A'], n: 1, auth: a })).status, 401);
  const changed = await ask({ devices: ['A', 'B'], n: 1, auth: b });
  assert.partialDeepStrictEqual(changed, { status: 403, body: { errcode: 'M_UNKNOWN' } });
  assert.equal((await ask({ n: 1, devices: ['A'], auth: b })).status, 200);
  const repeated = await ask({ auth: { session } });
  assert.deepEqual([repeated.status, repeated.body], [200, { devices: ['A'], n: 1 }]);
});

test('an endpoint finds again what it remembered', async () => {
  const { ask } = setUp(dummy);
  const first = await ask({ auth: { type: 'm.login.dummy' } });
  await first.outcome?.remember('registered', alice);
  const again = await ask({ auth: { session: first.outcome?.sessionId } });
  assert.equal(again.outcome?.data.get('registered'), alice);
});

test('the password stage takes identifier and user, of the requester only', async () => {
  const { ask } = setUp(password);
  const type = 'm.login.password';
  const identifier = { type: 'm.id.user', user: alice };
  assert.equal((await ask({ auth: { type, identifier, password: 'right' } })).status, 200);
  assert.equal((await ask({ auth: { type, user: alice, password: 'right' } })).status, 200);
  assert.equal((await ask({ auth: { type, password: 'right' } })).status, 200);
  const wrong = await ask({ auth: { type, identifier, password: 'wrong' } });
  assert.partialDeepStrictEqual(wrong, { status: 401, body: { errcode: 'M_FORBIDDEN' } });
  const other = { type: 'm.id.user', user: '@mallory:example.org' };
  const foreign = await ask({ auth: { type, identifier: other, password: 'right' } });
  assert.partialDeepStrictEqual(foreign, { status: 403, body: { errcode: 'M_FORBIDDEN' } });
  const absent = await ask({ auth: { type, identifier } });
  assert.partialDeepStrictEqual(absent, { status: 400, body: { errcode: 'M_MISSING_PARAM' } });
});

test('malformed auth is refused, never a fault', async () => {
  const { ask } = setUp(dummy);
  for (const auth of [5, 'x', [], { session: 5 }, { type: 5 }, { type: ['m.login.dummy'] }]) {
    const answer = await ask({ auth });
    assert.partialDeepStrictEqual(answer, { status: 400, body: { errcode: 'M_BAD_JSON' } });
  }
  const unknown = await ask({ auth: { type: 'm.login.dummy', session: 'nonsense' } });
  assert.partialDeepStrictEqual(unknown, { status: 400, body: { errcode: 'M_UNKNOWN' } });
  const notOffered = await ask({ auth: { type: 'm.login.password', password: 'right' } });
  assert.equal(notOffered.status, 401);
  assert.equal((await ask({ auth: { type: 'm.login.dummy' } }, {}, [[]])).status, 401);
});

test('a session that gets another body does not live longer', async () => {
  let nowMs = 1;
  const { ask } = setUp(dummy, { now: () => nowMs, lifetimeMs: 1000 });
  const session = (await ask({ n: 1 })).body['session'];
  nowMs += 600;
  assert.equal((await ask({ n: 2, auth: { session } })).status, 401);
  nowMs += 600;
  assert.equal((await ask({ n: 2, auth: { type: 'm.login.dummy', session } })).status, 400);
});

test('sessions end with their lifetime, and are bounded in number and bytes', async () => {
  let nowMs = 1;
  const { ask } = setUp(dummy, {
    now: () => nowMs,
    lifetimeMs: 1000,
    sessionsMax: 3,
    bodyBytesMax: 5_000,
  });
  const begin = async (body: object = {}) => (await ask(body)).body['session'];
  const statusOf = async (session: unknown) =>
    (await ask({ auth: { type: 'm.login.dummy', session } })).status;
  const expired = await begin();
  nowMs += 1001;
  assert.equal(await statusOf(expired), 400);
  const first = await begin();
  for (let index = 0; index < 3; index += 1) await begin();
  assert.equal(await statusOf(first), 400);
  const small = await begin();
  await begin({ large: 'x'.repeat(4_700) });
  assert.equal(await statusOf(small), 400);
});
