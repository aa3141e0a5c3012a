import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import type { JsonObject, JsonValue } from '@soma/protocol';

import { checkDatabase } from '../harness/check-database.ts';
import { listAt } from '../harness/json-path.ts';
import { rowCounts } from '../harness/row-counts.ts';
import { federationTests } from './federation-test.ts';
import { HostileRoom, playAnswers } from './hostile-room.ts';
import { textOf } from './played-room.ts';
import type { SignedEvent } from './played-user.ts';

const test = federationTests();

/** As deep as the server does not look: it asks for 50 at a time, and for 300 in all. */
const CHAIN_LENGTH = 700;
const MISSING_ROUNDS_MAX = 10;
const MISSING_EVENTS_MAX = 300;
/** Of what is asked about one event. */
const REQUESTS_MAX = 100;

/** Waits until a peer is not asked any more. */
async function untilQuiet(asked: readonly string[]): Promise<void> {
  for (let before = -1; before < asked.length;) {
    before = asked.length;
    await sleep(1_000);
  }
}

test('ancestors without end are followed so far and no further', async (given) => {
  const room = await HostileRoom.open(given, 'deep');
  const { mallory, server, roomId } = room;
  const stateBefore = await room.state();
  const stateIds = Object.values(stateBefore);
  const chain: SignedEvent[] = [];
  for (let count = 0; count < CHAIN_LENGTH; count += 1) {
    const last = chain.at(-1)?.eventId;
    const prev = last === undefined ? room.unknown(1) : [room.reference(last)];
    // At one depth, so that it never comes near what the room is known to begin with.
    chain.push(room.make({ prev_events: prev }));
  }
  const indexOf = (eventId: string): number =>
    chain.findIndex((event) => event.eventId === eventId);
  playAnswers(mallory.peer, async (action, request) => {
    if (action === 'get_missing_events') {
      const body: unknown = JSON.parse(await textOf(request));
      const indexes = listAt(body, 'latest_events').map((id) => indexOf(String(id)));
      const first = Math.min(...indexes);
      return { events: chain.slice(Math.max(0, first - 50), first).map(({ pdu }) => pdu) };
    }
    const eventId = decodeURIComponent(request.url?.split('/').at(-1) ?? '');
    if (action === 'event') {
      const found = chain[indexOf(eventId)];
      return { origin: mallory.peer.serverName, pdus: found === undefined ? [] : [found.pdu] };
    }
    return action === 'state_ids' ? { pdu_ids: stateIds, auth_chain_ids: [] } : {};
  });
  const rowsBefore = await rowCounts(server);
  await room.send([chain.at(-1)?.pdu ?? {}]);
  await room.hearCarol();
  await untilQuiet(mallory.peer.asked);
  const missing = mallory.peer.asked.filter((asked) => asked.includes('/get_missing_events/'));
  assert.ok(missing.length > 1 && missing.length <= MISSING_ROUNDS_MAX, `${missing.length} times`);
  assert.ok(mallory.peer.asked.length < REQUESTS_MAX, `${mallory.peer.asked.length} requests`);
  const more = Number((await rowCounts(server))['events']) - Number(rowsBefore['events']);
  assert.ok(more <= MISSING_EVENTS_MAX + 10, `${more} events of ${roomId} more`);
  await room.assertUnharmed(stateBefore);
});

test('references to what nobody has cost little, and hold up nobody', async (given) => {
  const room = await HostileRoom.open(given, 'baseless');
  const { peer } = room.mallory;
  const before = await room.state();
  const pdus = Array.from({ length: 50 }, () => {
    const { pdu } = room.make({ prev_events: room.unknown(20), auth_events: room.unknown(10) });
    return pdu;
  });
  const askedBefore = peer.asked.length;
  assert.equal((await room.send(pdus)).status, 200);
  await room.hearCarol();
  await untilQuiet(peer.asked);
  const asked = peer.asked.length - askedBefore;
  assert.ok(asked > 0 && asked <= pdus.length * REQUESTS_MAX, `${asked} requests`);
  await room.assertUnharmed(before);
});

/** Events that stand on one another, or are authorised by one another, by their names. */
type Circle = Readonly<Record<string, { prev?: readonly string[]; auth?: readonly string[] }>>;

const circles: Readonly<Record<string, Circle>> = {
  'an event that stands on itself': { a: { prev: ['a'] } },
  'an event that authorises itself': { a: { auth: ['a'] } },
  'two events that stand on each other': { a: { prev: ['b'] }, b: { prev: ['a'] } },
  'two events that authorise each other': { a: { auth: ['b'] }, b: { auth: ['a'] } },
  'a circle of three with a tail': {
    a: { prev: ['b'] },
    b: { prev: ['c'], auth: ['d'] },
    c: { prev: ['d'], auth: ['b'] },
    d: { prev: ['b'], auth: ['c'] },
  },
};

test('circles in the oldest rooms, where events name themselves, lead nowhere', async (given) => {
  const room = await HostileRoom.open(given, 'circles', { version: '1' });
  const { peer } = room.mallory;
  const before = await room.state();
  for (const [title, circle] of Object.entries(circles)) {
    const idOf = (name: string): string =>
      `$${title.replaceAll(' ', '-')}-${name}:${peer.serverName}`;
    const refer = (names: readonly string[]): JsonValue[] =>
      names.map((name) => room.reference(idOf(name)));
    const events = new Map<string, JsonObject>();
    for (const [name, { prev, auth }] of Object.entries(circle)) {
      const event = room.forge({
        event_id: idOf(name),
        ...(prev === undefined ? {} : { prev_events: refer(prev) }),
        ...(auth === undefined ? {} : { auth_events: refer(auth) }),
      });
      events.set(idOf(name), event);
    }
    const all = [...events.values()];
    const ids = [...events.keys()];
    playAnswers(peer, (action, request) => {
      if (action === 'get_missing_events') return { events: all };
      if (action === 'event_auth') return { auth_chain: all };
      if (action === 'state_ids') return { pdu_ids: [], auth_chain_ids: ids };
      const eventId = decodeURIComponent(request.url?.split('/').at(-1) ?? '');
      const found = events.get(eventId);
      return { origin: peer.serverName, pdus: found === undefined ? [] : [found] };
    });
    const askedBefore = peer.asked.length;
    assert.equal((await room.send(all)).status, 200);
    await room.hearCarol();
    await untilQuiet(peer.asked);
    const asked = peer.asked.length - askedBefore;
    assert.ok(asked <= all.length * REQUESTS_MAX, `${title}: ${asked} requests`);
    for (const id of ids) assert.ok(!(await room.has(id)), `${title}: ${id} is shown`);
  }
  await room.assertUnharmed(before);
  await given.one.stop();
  await checkDatabase(given.one);
  await given.one.restart();
});
