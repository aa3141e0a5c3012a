import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import type { JsonObject, JsonValue } from '@soma/protocol';

import { checkDatabase } from '../harness/check-database.ts';
import { createRoom, registerUser, sendState } from '../harness/client.ts';
import { federationTests } from './federation-test.ts';
import { HostileRoom, playAnswers } from './hostile-room.ts';
import type { SignedEvent } from './played-user.ts';

const test = federationTests();

/** More IDs than a state may have, and more events than an auth chain. */
const STATE_IDS = 200_001;
const CHAIN_EVENTS = 20_001;

/** What a server says of a state, as changes of the truth. */
interface Lie {
  readonly ids?: unknown;
  readonly chainIds?: unknown;
  /** What is answered where an event is asked for, by its ID; the others are not given. */
  readonly events?: ReadonlyMap<string, JsonObject>;
}

interface Scene {
  readonly room: HostileRoom;
  /** The true state: IDs of its events. */
  readonly ids: readonly string[];
  /** A state event of mallory's that was rejected. */
  readonly rejectedId: string;
  /** A state event of another room of this server. */
  readonly elsewhereId: string;
}

const grab = ({ mallory }: HostileRoom) => ({
  type: 'm.room.power_levels',
  state_key: '',
  content: { users: { [mallory.userId]: 100 } },
});

function lieWith(ids: readonly string[], event: SignedEvent, given = event.pdu): Lie {
  return { ids: [...ids, event.eventId], events: new Map([[event.eventId, given]]) };
}

const lies: Readonly<Record<string, (scene: Scene) => Lie>> = {
  'of another room': ({ ids, elsewhereId }) => ({ ids: [...ids, elsewhereId] }),
  'of another room alone': ({ elsewhereId }) => ({ ids: [elsewhereId] }),
  'that was rejected': ({ ids, rejectedId }) => ({ ids: [...ids, rejectedId] }),
  'without a create event': ({ ids }) => ({ ids: ids.slice(1) }),
  'that is empty': () => ({ ids: [] }),
  'that is no list': () => ({ ids: { a: 1 } }),
  'of what are no IDs': ({ ids }) => ({ ids: [...ids, 5, null, {}, 'x', '$'.repeat(500)] }),
  'with a message in it': ({ room, ids }) => lieWith(ids, room.make()),
  'with two events under one key': ({ room, ids }) =>
    lieWith(
      ids,
      room.make({
        type: 'm.room.member',
        state_key: room.mallory.userId,
        content: { membership: 'join' },
      }),
    ),
  'with all power in other hands': ({ room, ids }) => lieWith(ids, room.make(grab(room))),
  'whose event is another one': ({ room, ids }) =>
    lieWith(ids, room.make({ type: 'm.room.topic', state_key: '' }), room.make(grab(room)).pdu),
  'whose event is forged': ({ room, ids }) => {
    const event = room.make({ type: 'm.room.topic', state_key: '', sender: room.alice.userId });
    return lieWith(ids, event);
  },
  'whose event has another hash': ({ room, ids }) => {
    const event = room.make({ type: 'm.room.topic', state_key: '', content: { topic: 'x' } });
    return lieWith(ids, event, { ...event.pdu, content: { topic: 'changed' } });
  },
  'of events that nobody gives': ({ room, ids }) => ({ ids: [...ids, ...room.unknown(20)] }),
  'of more events than anybody asks for': ({ room, ids }) => ({
    ids: [...ids, ...room.unknown(500)],
  }),
  'larger than any room': ({ room }) => ({ ids: room.unknown(STATE_IDS) }),
  'with an auth chain larger than any': ({ room, ids }) => ({
    ids,
    chainIds: room.unknown(STATE_IDS),
  }),
};

/** Lets a server tell lies about the state before an event. */
function play({ room, ids }: Scene, far: SignedEvent, lie: Lie): void {
  const { peer } = room.mallory;
  playAnswers(peer, (action, request) => {
    if (action === 'get_missing_events') return { events: [] };
    if (action === 'state_ids') {
      return { pdu_ids: lie.ids ?? [...ids], auth_chain_ids: lie.chainIds ?? [] };
    }
    if (action === 'state') {
      return { pdus: [...(lie.events?.values() ?? [])], auth_chain: [] };
    }
    if (action !== 'event') return {};
    const eventId = decodeURIComponent(request.url?.split('/').at(-1) ?? '');
    const found = eventId === far.eventId ? far.pdu : lie.events?.get(eventId);
    return { origin: peer.serverName, pdus: found === undefined ? [] : [found] };
  });
}

/** Waits until what was sent is done with. */
async function untilAsked({ mallory, roomId }: HostileRoom, action: string): Promise<void> {
  const { asked } = mallory.peer;
  const path = `/v1/${action}/${encodeURIComponent(roomId)}`;
  for (let tries = 0; tries < 500 && !asked.some((each) => each.includes(path)); tries += 1) {
    await sleep(10);
  }
  for (let before = -1; before < asked.length;) {
    before = asked.length;
    await sleep(100);
  }
}

test('no lie about the state at a gap changes the room', async (given) => {
  const alice = await registerUser(given.one, 'lied-to');
  const peers = { hostile: await given.newPeer(), honest: await given.newPeer() };
  for (const [title, lieOf] of Object.entries(lies)) {
    const room = await HostileRoom.open(given, alice, peers);
    const before = await room.state();
    const elsewhere = await createRoom(room.alice);
    const elsewhereId = await sendState(room.alice, elsewhere, 'm.room.topic', '', { topic: 'x' });
    const rejected = room.make(grab(room));
    await room.send([rejected.pdu]);
    const { 'm.room.create ': createId = '', ...others } = before;
    const ids = [createId, ...Object.values(others)];
    const scene = { room, ids, rejectedId: rejected.eventId, elsewhereId };
    const far = room.make({ prev_events: room.unknown(1) });
    const last = room.make({ prev_events: [room.reference(far.eventId)] });
    play(scene, far, lieOf(scene));
    assert.equal((await room.send([last.pdu])).status, 200);
    await untilAsked(room, 'state_ids');
    await room.assertUnharmed(before).catch((cause: unknown) => {
      throw new Error(`a state ${title} did harm`, { cause });
    });
  }
  await given.one.stop();
  await checkDatabase(given.one);
  await given.one.restart();
});

const chains: Readonly<Record<string, (room: HostileRoom, joined: SignedEvent) => JsonValue>> = {
  'that is empty': () => [],
  'that is no list': () => 'chain',
  'without the event itself': (room) => [room.make({ type: 'm.room.topic', state_key: '' }).pdu],
  'that is forged': (_, { pdu }) => [{ ...pdu, signatures: {} }],
  'of nonsense': () => [1, null, 'x', [], {}],
  'longer than any': () => Array.from({ length: CHAIN_EVENTS }, () => ({})),
};

test('no lie about what authorises an event changes the room', async (given) => {
  const alice = await registerUser(given.one, 'chained');
  const peers = { hostile: await given.newPeer(), honest: await given.newPeer() };
  for (const [title, chainOf] of Object.entries(chains)) {
    const room = await HostileRoom.open(given, alice, peers);
    const { peer } = room.mallory;
    const before = await room.state();
    const other = `@other:${peer.serverName}`;
    const member = { type: 'm.room.member', sender: other, state_key: other };
    const joined = room.make({ ...member, content: { membership: 'join' } });
    const authorised = room.make({ sender: other, auth_events: [room.reference(joined.eventId)] });
    playAnswers(peer, (action) =>
      action === 'event_auth' ? { auth_chain: chainOf(room, joined) } : { pdus: [], events: [] },
    );
    await room.send([authorised.pdu]);
    await untilAsked(room, 'event_auth');
    await room.assertUnharmed(before);
    assert.ok(!(await room.has(authorised.eventId)), `by a chain ${title}`);
  }
});
