import assert from 'node:assert/strict';

import fc from 'fast-check';

import { createRoom, joinRoom, sendEvent, sendState, type TestUser } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { filters, passes, type SentFilter } from './model/naive-filter.ts';
import { act, readMessages } from './requests.ts';
import { ids, type SeenEvent } from './seen-event.ts';
import { serverTests, type ServerUnderTest } from './server-test.ts';
import { sync, type RoomView } from './sync-view.ts';

const test = serverTests();

const moves = [
  'says',
  'says with url',
  'sends other',
  'sets topic',
  'sets state',
  'renames',
] as const;
type Move = (typeof moves)[number];

interface Step {
  readonly who: number;
  readonly move: Move;
}

const steps = fc.record({ who: fc.nat(3), move: fc.constantFrom(...moves) });
let count = 0;

async function perform({ who, move }: Step, users: readonly TestUser[], roomId: string) {
  count += 1;
  const user = users[who] ?? users[0];
  if (user === undefined) return;
  const text = { msgtype: 'm.text', body: `${count}` };
  if (move === 'says') await sendEvent(user, roomId, 'm.room.message', text);
  if (move === 'says with url') {
    await sendEvent(user, roomId, 'm.room.message', { ...text, url: 'mxc://soma.test/1' });
  }
  if (move === 'sends other') await sendEvent(user, roomId, 'org.example.a', text);
  if (move === 'sets topic')
    await sendState(user, roomId, 'm.room.topic', '', { topic: `${count}` });
  if (move === 'sets state') {
    await sendState(user, roomId, 'org.example.a', `${count % 2}`, { count });
  }
  if (move === 'renames') {
    const member = { membership: 'join', displayname: `${count}` };
    await sendState(user, roomId, 'm.room.member', user.userId, member);
  }
}

/** A room in which all may set state. */
async function makeRoom(users: readonly TestUser[]): Promise<string> {
  const [owner, ...others] = users;
  if (owner === undefined) throw new Error('nobody is there');
  const roomId = await createRoom(owner, {
    preset: 'public_chat',
    power_level_content_override: { state_default: 0, events: {} },
  });
  for (const user of others) await joinRoom(user, roomId);
  return roomId;
}

async function usersOf(given: ServerUnderTest): Promise<TestUser[]> {
  return Promise.all(['ann', 'ben', 'cat', 'dan'].map((name) => given.user(name)));
}

/** All that happened, oldest first. */
async function historyOf(user: TestUser, roomId: string): Promise<readonly SeenEvent[]> {
  return (await readMessages(user, roomId, { dir: 'f', limit: 500 })).events;
}

function keyOf({ type, stateKey }: SeenEvent): string | undefined {
  return typeof stateKey === 'string' ? `${type} ${stateKey}` : undefined;
}

/** The state that `events` come to. */
function stateOf(events: readonly SeenEvent[]): Map<string, SeenEvent> {
  const state = new Map<string, SeenEvent>();
  for (const event of events) {
    const key = keyOf(event);
    if (key !== undefined) state.set(key, event);
  }
  return state;
}

/** The state before the timeline, together with what its filter left out of it. */
function stateBeside(
  history: readonly SeenEvent[],
  timeline: readonly SeenEvent[],
): Map<string, SeenEvent> {
  const shown = new Set(ids(timeline));
  return stateOf(history.filter(({ eventId }) => !shown.has(eventId)));
}

interface Sent {
  readonly timeline: SentFilter;
  readonly state: SentFilter;
}

async function checkFilter(user: TestUser, rooms: readonly string[], sent: Sent): Promise<void> {
  const { timeline, state } = sent;
  const view = await sync(user, { filter: { room: { timeline, state, rooms } } });
  for (const roomId of rooms) {
    const history = await historyOf(user, roomId);
    const matching = history.filter((event) => passes(timeline, roomId, event));
    const shown = matching.slice(Math.max(0, matching.length - (timeline.limit ?? 10)));
    const room = view.joined(roomId);
    assert.deepEqual(ids(room?.timeline ?? []), ids(shown));
    const beside = [...stateBeside(history, shown).values()];
    const told = beside.filter((event) => passes(state, roomId, event));
    assert.deepEqual(ids(room?.state ?? []).toSorted(), ids(told).toSorted());
  }
}

test('filters choose what a naive reading of them chooses', async (given) => {
  const users = await usersOf(given);
  const [reader] = users;
  if (reader === undefined) return;
  const filter = filters(users.map(({ userId }) => userId));
  const property = fc.asyncProperty(
    fc.array(fc.tuple(steps, fc.nat(1)), { minLength: 3, maxLength: 25 }),
    fc.array(fc.record({ timeline: filter, state: filter }), { minLength: 15, maxLength: 15 }),
    async (script, sent) => {
      const rooms = [await makeRoom(users), await makeRoom(users)];
      for (const [step, room] of script) await perform(step, users, rooms[room] ?? '');
      for (const { timeline, state } of sent) {
        await checkFilter(reader, rooms, {
          timeline: timeline(rooms),
          state: state(rooms),
        });
      }
      for (const roomId of rooms) await act(reader, roomId, 'leave');
    },
  );
  await fc.assert(property, { numRuns: 5 });
});

/** A client that loads members lazily, and keeps those it was told of. */
class LazyClient {
  readonly #user: TestUser;
  readonly #roomId: string;
  readonly #limit: number;
  readonly #members = new Map<string, string>();
  readonly #told = new Set<string>();
  #since: string | undefined;

  constructor(user: TestUser, roomId: string, limit: number) {
    this.#user = user;
    this.#roomId = roomId;
    this.#limit = limit;
  }

  async sync(): Promise<void> {
    const filter = {
      room: { rooms: [this.#roomId], timeline: { limit: this.#limit }, state: lazyMembers },
    };
    const isFirst = this.#since === undefined;
    const since = this.#since === undefined ? {} : { since: this.#since };
    const view = await sync(this.#user, { ...since, filter });
    this.#since = view.nextBatch;
    const room = view.joined(this.#roomId);
    if (room === undefined) return;
    for (const event of room.state) this.#learn(event, true);
    const history = await historyOf(this.#user, this.#roomId);
    for (const event of room.timeline) this.#meet(event, history);
    if (isFirst) this.#checkFirst(room);
  }

  /** The sender is known, as they were at the event. */
  #meet(event: SeenEvent, history: readonly SeenEvent[]): void {
    const at = history.findIndex(({ eventId }) => eventId === event.eventId);
    const member = `m.room.member ${event.sender}`;
    const then = stateOf(history.slice(0, at)).get(member)?.eventId;
    assert.equal(this.#members.get(member), then, `${event.sender} at ${event.eventId}`);
    this.#learn(event, false);
  }

  #learn(event: SeenEvent, isState: boolean): void {
    const key = keyOf(event);
    if (event.type !== 'm.room.member' || key === undefined) return;
    assert.ok(!isState || !this.#told.has(event.eventId), `${key} is told again`);
    this.#told.add(event.eventId);
    this.#members.set(key, event.eventId);
  }

  /** The first answer tells of the senders, the heroes and the client's own user, and of nobody else. */
  #checkFirst({ state, timeline, json }: RoomView): void {
    const heroes = listAt(json, 'summary', 'm.heroes').map(String);
    const needed = new Set([this.#user.userId, ...heroes, ...timeline.map(({ sender }) => sender)]);
    for (const { type, stateKey } of state) {
      assert.ok(type !== 'm.room.member' || needed.has(String(stateKey)), String(stateKey));
    }
    assert.equal(valueAt(json, 'summary', 'm.joined_member_count'), 4);
  }
}

const lazyMembers = { lazy_load_members: true };

test('members that are loaded lazily are there when they are needed, and told once', async (given) => {
  const users = await usersOf(given);
  const script = fc.array(fc.oneof(steps, fc.constant('sync' as const)), {
    minLength: 5,
    maxLength: 30,
  });
  const property = fc.asyncProperty(
    script,
    fc.integer({ min: 1, max: 6 }),
    async (moved, limit) => {
      const roomId = await makeRoom(users);
      const [reader] = users;
      if (reader === undefined) return;
      const client = new LazyClient(reader, roomId, limit);
      await client.sync();
      for (const step of moved) {
        if (step === 'sync') await client.sync();
        else await perform(step, users, roomId);
      }
      await client.sync();
      await act(reader, roomId, 'leave');
    },
  );
  await fc.assert(property, { numRuns: 10 });
});
