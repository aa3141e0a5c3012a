import assert from 'node:assert/strict';

import fc from 'fast-check';

import { createRoom, sendState, sendText, type TestUser } from '../harness/client.ts';
import { act, readMessages, readState, refusedAct, roomPath, v3 } from './requests.ts';
import { ids } from './seen-event.ts';
import { serverTests, type ServerUnderTest } from './server-test.ts';
import { sync, type RoomView, type SyncQuery } from './sync-view.ts';

const test = serverTests();

/** What happens in the room; what a step's user may not do at the moment is refused, and that is fine. */
const steps = [
  'owner speaks',
  'owner speaks',
  'owner sets the topic',
  'owner sets other state',
  'owner invites',
  'owner kicks',
  'guest speaks',
  'guest joins',
  'guest joins',
  'guest leaves',
  'guest takes a name',
  'guest syncs',
  'guest syncs',
] as const;
type Step = (typeof steps)[number];

interface Scene {
  readonly owner: TestUser;
  readonly guest: TestUser;
  readonly roomId: string;
}

let count = 0;

async function perform(step: Step, { owner, guest, roomId }: Scene): Promise<unknown> {
  count += 1;
  const target = { user_id: guest.userId };
  const actions: Readonly<Record<Step, () => Promise<unknown>>> = {
    'owner speaks': () => sendText(owner, roomId, `owner ${count}`),
    'owner sets the topic': () =>
      sendState(owner, roomId, 'm.room.topic', '', { topic: `${count}` }),
    'owner sets other state': () =>
      sendState(owner, roomId, 'org.example.s', `${count % 3}`, { count }),
    'owner invites': () => refusedAct(owner, roomId, 'invite', target),
    'owner kicks': () => refusedAct(owner, roomId, 'kick', target),
    'guest speaks': () => {
      const path = roomPath(roomId, 'send', 'm.room.message', `guest-${count}`);
      return guest.request('PUT', path, { body: { msgtype: 'm.text', body: `guest ${count}` } });
    },
    'guest joins': () => refusedAct(guest, roomId, 'join'),
    'guest leaves': () => refusedAct(guest, roomId, 'leave'),
    'guest takes a name': () => {
      const path = `${v3}/profile/${encodeURIComponent(guest.userId)}/displayname`;
      return guest.request('PUT', path, { body: { displayname: `Guest ${count}` } });
    },
    'guest syncs': async () => {},
  };
  return actions[step]();
}

/** A client of the guest that keeps what it is told, and pages back over each gap. */
class Client {
  readonly #state = new Map<string, string>();
  readonly #seen = new Set<string>();
  readonly #query: SyncQuery;
  readonly #scene: Scene;
  #since: string | undefined;
  #isJoined = false;
  /** An invitation comes in place of what happened up to the leave before it. */
  #wasInvited = false;

  constructor(scene: Scene, limit: number, useStateAfter: boolean) {
    this.#scene = scene;
    this.#query = { filter: { room: { timeline: { limit } } }, useStateAfter };
  }

  async sync(): Promise<void> {
    const since = this.#since;
    const { guest, roomId } = this.#scene;
    const view = await sync(guest, { ...this.#query, ...(since === undefined ? {} : { since }) });
    const [joined, left] = [view.joined(roomId), view.left(roomId)];
    const room = joined ?? left;
    // Who comes back may see what was said meanwhile, before the last sync as well.
    if (room !== undefined) await this.#apply(room, this.#isJoined ? since : undefined);
    if (room !== undefined || view.invited(roomId) !== undefined) {
      this.#isJoined = joined !== undefined;
      this.#wasInvited ||= room === undefined;
    }
    this.#since = view.nextBatch;
  }

  /** Whether in the room or not any more. */
  async checkState(): Promise<void> {
    const { guest, roomId } = this.#scene;
    if (!this.#isJoined && this.#wasInvited) return;
    const state = await readState(guest, roomId);
    assert.deepEqual([...this.#state.values()].toSorted(), ids(state).toSorted());
  }

  async checkHistory(): Promise<void> {
    const { guest, roomId } = this.#scene;
    const { events } = await readMessages(guest, roomId, { dir: 'f', limit: 500 });
    const missed = events.filter(({ eventId }) => !this.#seen.has(eventId));
    assert.deepEqual(
      missed.map(({ json }) => json),
      [],
    );
    assert.equal(this.#seen.size, events.length);
  }

  async #apply(room: RoomView, since: string | undefined): Promise<void> {
    const told =
      this.#query.useStateAfter === true ? room.stateAfter : [...room.state, ...room.timeline];
    for (const { type, stateKey, eventId } of told) {
      if (typeof stateKey === 'string') this.#state.set(`${type} ${stateKey}`, eventId);
    }
    for (const eventId of ids(room.timeline)) this.#seen.add(eventId);
    if (!room.limited) return;
    const { guest, roomId } = this.#scene;
    const query = {
      from: room.prevBatch,
      limit: 500,
      ...(since === undefined ? {} : { to: since }),
    };
    for (const eventId of ids((await readMessages(guest, roomId, query)).events))
      this.#seen.add(eventId);
  }
}

async function follow(given: ServerUnderTest, script: readonly Step[]): Promise<void> {
  const [owner, guest] = [await given.user('owner'), await given.newUser()];
  const roomId = await createRoom(owner, { preset: 'public_chat' });
  const scene = { owner, guest, roomId };
  const clients = [
    new Client(scene, 1, false),
    new Client(scene, 2, true),
    new Client(scene, 4, false),
    new Client(scene, 100, true),
  ];
  await act(guest, roomId, 'join');
  for (const client of clients) await client.sync();
  for (const step of script) {
    await perform(step, scene);
    if (step === 'guest syncs') for (const client of clients) await client.sync();
  }
  for (const client of clients) await client.sync();
  for (const client of clients) await client.checkState();
  await act(guest, roomId, 'join');
  for (const client of clients) await client.sync();
  for (const client of clients) {
    await client.checkState();
    await client.checkHistory();
  }
}

test('whatever happens, a client that follows knows what one that starts now is told', async (given) => {
  const script = fc.array(fc.constantFrom(...steps), { minLength: 5, maxLength: 40 });
  const property = fc.asyncProperty(script, (chosen) => follow(given, chosen));
  await fc.assert(property, { numRuns: 12 });
});
