import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import fc from 'fast-check';

import { testEngines } from '../../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../../tests/harness/engines.ts';
import { MatrixError } from '../../errors/matrix-error.ts';
import { answerFrom } from './history-under-test.ts';
import { ServerUnderTest, TestNetwork } from './servers-under-test.ts';

const names = ['a.test', 'b.test', 'c.test'];

/** One thing that happens: a server sends something, or hands over what another one lacks. */
const steps = fc.oneof(
  fc.record({
    kind: fc.constantFrom(
      'message',
      'topic',
      'topic',
      'name',
      'rules',
      'levels',
      'ban',
      'unban',
      'leave',
      'join',
    ),
    server: fc.nat(2),
    target: fc.nat(2),
    value: fc.nat(2),
  }),
  fc.record({
    kind: fc.constant('pass' as const),
    server: fc.nat(2),
    target: fc.nat(2),
    value: fc.nat(9),
  }),
);
type Step = typeof steps extends fc.Arbitrary<infer Value> ? Value : never;

for (const engine of testEngines()) {
  describe(`servers that exchange events (${engine.name})`, () => {
    const made: TestDatabase[] = [];
    const network = new TestNetwork();
    const servers: ServerUnderTest[] = [];
    before(async () => {
      for (const name of names) {
        const database = await engine.createDatabase();
        made.push(database);
        servers.push(await ServerUnderTest.open(network, name, database.config));
      }
      network.answer = async (request) => {
        const server = servers.find(({ name }) => name === request.destination);
        assert.ok(server !== undefined);
        return answerFrom(server, request);
      };
    });
    after(async () => {
      for (const server of servers) await server.database.close();
      for (const database of made) await database.drop();
    });

    for (const versionId of ['2', '11', '12']) {
      test(`they come to the same state in a room of version ${versionId}`, async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 20 }), (list) =>
            converge(servers, versionId, list),
          ),
          { numRuns: 3 },
        );
      });
    }
  });
}

/** Whatever they send and lack, servers that have everything have one state. */
async function converge(
  servers: readonly ServerUnderTest[],
  versionId: string,
  list: readonly Step[],
): Promise<void> {
  const roomId = await sharedRoom(servers, versionId);
  const sent = new Map<string, ServerUnderTest>();
  for (const step of list) await take(servers, roomId, step, sent);
  await exchange(servers, roomId, sent);
  // What one server has soft-failed is an end of the room for another, until somebody refers to all ends.
  for (const server of servers) await say(server, roomId, sent);
  await exchange(servers, roomId, sent);
  const [first] = servers;
  if (first !== undefined) await say(first, roomId, sent);
  await exchange(servers, roomId, sent);
  for (const server of servers) assert.deepEqual(await server.problems(), []);
  const states = await Promise.all(servers.map((server) => server.state(roomId)));
  for (const state of states) assert.deepEqual(state, states[0]);
}

/** Each server has a user who acts, and one who stays. */
async function sharedRoom(servers: readonly ServerUnderTest[], versionId: string): Promise<string> {
  const [first, ...others] = servers;
  assert.ok(first !== undefined);
  const roomId = await first.createRoom(first.user('alice'), versionId);
  const sent = new Map<string, ServerUnderTest>();
  for (const server of others) {
    sent.set(await server.join(first, roomId, server.user('zoe')), server);
    await exchange(servers.slice(0, servers.indexOf(server) + 1), roomId, sent);
  }
  for (const server of servers) {
    for (const name of ['zoe', 'alice']) {
      const userId = server.user(name);
      const draft = { type: 'm.room.member', stateKey: userId, sender: userId };
      const content = { membership: 'join' };
      sent.set(await server.send(roomId, { ...draft, content }), server);
    }
  }
  await exchange(servers, roomId, sent);
  return roomId;
}

async function say(
  server: ServerUnderTest,
  roomId: string,
  sent: Map<string, ServerUnderTest>,
): Promise<void> {
  const sender = server.user('zoe');
  sent.set(await server.send(roomId, { type: 'm.room.message', sender, content: {} }), server);
}

/** Everybody gets everything, each in an order of its own. */
async function exchange(
  servers: readonly ServerUnderTest[],
  roomId: string,
  sent: ReadonlyMap<string, ServerUnderTest>,
): Promise<void> {
  for (const [index, server] of servers.entries()) {
    const direction = index % 2 === 0 ? 1 : -1;
    const all = [...sent].toSorted(([one], [other]) => (one < other ? direction : -direction));
    for (const [eventId, origin] of all) {
      if (origin === server) continue;
      const received = await server.receive(origin, roomId, await origin.json(eventId));
      assert.notEqual(received.kind, 'refused', JSON.stringify(received));
    }
  }
}

async function take(
  servers: readonly ServerUnderTest[],
  roomId: string,
  step: Step,
  sent: Map<string, ServerUnderTest>,
): Promise<void> {
  const server = servers[step.server];
  const target = servers[step.target];
  assert.ok(server !== undefined && target !== undefined);
  if (step.kind === 'pass') {
    const mine = [...sent].filter(([, origin]) => origin === server);
    const [eventId] = mine[mine.length - 1 - (step.value % Math.max(1, mine.length))] ?? [];
    if (eventId === undefined || target === server) return;
    await target.receive(server, roomId, await server.json(eventId));
    return;
  }
  try {
    const eventId = await server.send(
      roomId,
      draftOf(step, server.user('alice'), target.user('alice')),
    );
    sent.set(eventId, server);
  } catch (error) {
    if (!(error instanceof MatrixError)) throw error;
  }
}

function draftOf({ kind, value }: Step, sender: string, target: string) {
  const state = (type: string, content: { [key: string]: string | number }, stateKey = '') => ({
    type,
    stateKey,
    sender,
    content,
  });
  switch (kind) {
    case 'topic':
      return state('m.room.topic', { topic: `${value}` });
    case 'name':
      return state('m.room.name', { name: `${value}` });
    case 'rules':
      return state('m.room.join_rules', { join_rule: value === 0 ? 'invite' : 'public' });
    case 'ban':
      return state('m.room.member', { membership: 'ban' }, target);
    case 'unban':
      return state('m.room.member', { membership: 'leave' }, target);
    case 'join':
    case 'leave':
      return state('m.room.member', { membership: kind }, sender);
    case 'levels':
      return state('m.room.power_levels', { state_default: 0, invite: value * 10 });
    default:
      return { type: 'm.room.message', sender, content: { body: `${value}` } };
  }
}
