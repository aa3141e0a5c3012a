import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { JsonObject } from '@soma/protocol';

import { act, readContent, readEvent } from '../client-server/requests.ts';
import { pathOf } from '../harness/api.ts';
import { sendState, sendText, sync } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { assertRefused, federationTests } from './federation-test.ts';
import { said } from './forked-room.ts';
import { HostileRoom, playAnswers, templateFor } from './hostile-room.ts';
import { idOf, signEvent, type SignedEvent } from './played-user.ts';

const test = federationTests();

const v1 = '/_matrix/federation/v1';

/** An event as the room's server gives it to another one. */
async function asGiven(room: HostileRoom, eventId: string): Promise<unknown> {
  const { peer } = room.carol;
  const path = v1 + pathOf`/event/${eventId}`;
  const { body } = await peer.request(room.server.serverName, 'GET', path);
  return listAt(body, 'pdus')[0];
}

test('what is rejected is no error, shown to nobody, built on by nobody here, and no state', async (given) => {
  const room = await HostileRoom.open(given, 'rejecting');
  const { alice, roomId, mallory } = room;
  await sendState(alice, roomId, 'm.room.topic', '', { topic: "alice's" });
  const content = { topic: "mallory's" };
  const topic = room.make({ type: 'm.room.topic', state_key: '', content });
  const next = room.make({ prev_events: [topic.eventId], ...said('on a rejected event') });
  const { body } = await room.send([topic.pdu, next.pdu]);
  assert.deepEqual(valueAt(body, 'pdus'), { [topic.eventId]: {}, [next.eventId]: {} });
  await room.untilSeen(next.eventId);
  assert.ok(!(await room.has(topic.eventId)));
  assert.ok(!JSON.stringify((await sync(alice)).body).includes(topic.eventId));
  assert.deepEqual(await readContent(alice, roomId, 'm.room.topic'), { topic: "alice's" });
  const alone = room.make({ type: 'm.room.topic', state_key: '', content });
  await room.send([alone.pdu]);
  await room.hearCarol();
  const ownId = await sendText(alice, roomId, 'on what is accepted');
  const ends = listAt(await asGiven(room, ownId), 'prev_events').map(String);
  assert.ok(!ends.includes(topic.eventId) && !ends.includes(alone.eventId));
  // The ends of the template too, which another server builds on.
  const template = await templateFor(mallory, room.server, roomId);
  assert.deepEqual(template['prev_events'], [ownId]);
  const path = v1 + pathOf`/event/${alone.eventId}`;
  const asked = await mallory.peer.request(room.server.serverName, 'GET', path);
  assertRefused(asked, 404, 'M_NOT_FOUND');
});

test('an event that the state before it does not allow is rejected, whatever is allowed now', async (given) => {
  const room = await HostileRoom.open(given, 'banning');
  const { alice, roomId, mallory, server } = room;
  const user_id = mallory.userId;
  await act(alice, roomId, 'ban', { user_id });
  const banId = (await room.state())[`m.room.member ${user_id}`] ?? '';
  await act(alice, roomId, 'unban', { user_id });
  await mallory.become(server, 'join', roomId);
  // By its auth events she is in the room, as she is now.
  const event = room.make({ prev_events: [banId], ...said('of the banned') });
  await room.send([event.pdu]);
  const beside = await templateFor(mallory, server, roomId);
  const allowed = room.make({ ...beside, ...said('of who is back') });
  await room.send([allowed.pdu]);
  await room.untilSeen(allowed.eventId);
  assert.ok(!(await room.has(event.eventId)));
  const path = v1 + pathOf`/event/${event.eventId}`;
  const asked = await mallory.peer.request(server.serverName, 'GET', path);
  // What is soft-failed would be given.
  assertRefused(asked, 404, 'M_NOT_FOUND');
});

test('what is soft-failed is given to servers that ask for what stands on it', async (given) => {
  const room = await HostileRoom.open(given, 'softly');
  const { alice, roomId, mallory, carol, server } = room;
  const [end = ''] = listAt(room.template, 'prev_events').map(String);
  await act(alice, roomId, 'ban', { user_id: mallory.userId });
  const evading = room.make(said('of the banned'));
  await room.send([evading.pdu]);
  await room.hearCarol();
  assert.ok(!(await room.has(evading.eventId)));
  const template = await templateFor(carol, server, roomId);
  const ends = listAt(template, 'prev_events').map(String);
  assert.ok(!ends.includes(evading.eventId));
  const standing = signEvent(carol.peer, room.version, {
    ...template,
    prev_events: [...ends, evading.eventId],
  });
  const ask = async (path: string, body?: JsonObject): Promise<string[]> => {
    const method = body === undefined ? 'GET' : 'POST';
    const options = body === undefined ? {} : { body };
    const answer = await carol.peer.request(server.serverName, method, v1 + path, options);
    const events = listAt(answer.body, body === undefined ? 'pdus' : 'events');
    return events.map((event) => idOf(event, room.version));
  };
  const backfill = (from: string): Promise<string[]> =>
    ask(`${pathOf`/backfill/${roomId}`}?limit=50&v=${encodeURIComponent(from)}`);
  assert.ok(!(await backfill(ends[0] ?? '')).includes(evading.eventId));
  await room.send([standing.pdu], [], carol);
  await room.untilSeen(standing.eventId);
  assert.ok((await backfill(standing.eventId)).includes(evading.eventId));
  const body = { earliest_events: [end], latest_events: [standing.eventId] };
  const missing = await ask(pathOf`/get_missing_events/${roomId}`, body);
  assert.ok(missing.includes(evading.eventId));
  assert.deepEqual(await ask(pathOf`/event/${evading.eventId}`), [evading.eventId]);
  assert.ok(!(await room.has(evading.eventId)), 'and to no client');
});

test('in versions 1 and 2 the server that the ID names must have signed too', async (given) => {
  for (const version of ['1', '2']) {
    const room = await HostileRoom.open(given, `named${version}`, { version });
    const { mallory, carol } = room;
    const { pdu } = room.make(said('named by another'));
    const sent = async (isSignedByBoth: boolean): Promise<unknown> => {
      const eventId = `$${randomUUID()}:${carol.peer.serverName}`;
      const own = signEvent(mallory.peer, room.version, pdu, eventId).pdu;
      const other = signEvent(carol.peer, room.version, pdu, eventId).pdu;
      const signatures = { ...Object(own['signatures']), ...Object(other['signatures']) };
      const { body } = await room.send([isSignedByBoth ? { ...own, signatures } : own]);
      return valueAt(body, 'pdus', eventId);
    };
    assert.notEqual(valueAt(await sent(false), 'error'), undefined);
    assert.deepEqual(await sent(true), {});
  }
});

test('what does not have its hash is believed as far as it is signed', async (given) => {
  const room = await HostileRoom.open(given, 'hashed');
  const { eventId, pdu } = room.make(said('as it was signed'));
  await room.send([{ ...pdu, content: { body: 'changed on the way' }, unsigned: { age: 0.5 } }]);
  await room.untilSeen(eventId);
  assert.deepEqual((await readEvent(room.alice, room.roomId, eventId)).content, {});
  const { pdu: other, eventId: otherId } = room.make(said('whole'));
  const unsigned = { 'org.example.told': 0.5, redacted_because: { content: {} } };
  await room.send([{ ...other, unsigned }]);
  await room.untilSeen(otherId);
  const shown = await readEvent(room.alice, room.roomId, otherId);
  assert.equal(valueAt(shown.content, 'body'), 'whole');
  assert.deepEqual(Object.keys(Object(shown.unsigned)).toSorted(), ['age', 'membership']);
  assert.deepEqual(await asGiven(room, otherId), other, 'nothing of it goes on');
});

test('the greatest depth is that of the room version', async (given) => {
  for (const [version, greatest, tooGreat] of [
    ['5', 2 ** 63 - 1_024, 2 ** 63],
    ['6', 2 ** 53 - 1, 2 ** 53],
  ] as const) {
    const room = await HostileRoom.open(given, `deep${version}`, { version });
    const over = await room.send([room.forge({ depth: tooGreat })]);
    const refusals = Object.values(Object(valueAt(over.body, 'pdus')));
    assert.ok(refusals.every((refusal) => valueAt(refusal, 'error') !== undefined));
    const { eventId, pdu } = room.make({ depth: greatest });
    const taken = await room.send([pdu]);
    assert.deepEqual(valueAt(taken.body, 'pdus'), { [eventId]: {} });
    await room.untilSeen(eventId);
    // Nothing can be deeper, and the room goes on.
    await room.hearCarol();
    const ownId = await sendText(room.alice, room.roomId, 'on and on');
    assert.equal(valueAt(await asGiven(room, ownId), 'depth'), greatest);
  }
});

test('of events that were missing those are refused that name too many others', async (given) => {
  for (const [count, isTaken] of [
    [20, true],
    [21, false],
  ] as const) {
    const room = await HostileRoom.open(given, `missing${count}`);
    const [end = ''] = listAt(room.template, 'prev_events').map(String);
    const far = room.make({ prev_events: Array.from({ length: count }, () => end) });
    const last = room.make({ prev_events: [far.eventId] });
    let asked = 0;
    playAnswers(room.mallory.peer, (action): JsonObject => {
      if (action !== 'get_missing_events') return { errcode: 'M_NOT_FOUND', error: 'not here' };
      asked += 1;
      return { events: [far.pdu] };
    });
    await room.send([last.pdu]);
    await room.hearCarol();
    const deadlineMs = performance.now() + 5_000;
    while (asked === 0 && performance.now() < deadlineMs) await sleep(25);
    assert.ok(asked > 0);
    if (isTaken) await room.untilSeen(last.eventId);
    else {
      await sleep(300);
      assert.ok(!(await room.has(far.eventId)));
    }
  }
});

test('missing events are looked for in breadth, whatever their depth', async (given) => {
  const room = await HostileRoom.open(given, 'broad');
  const end = listAt(room.template, 'prev_events').map(String);
  const under = (depth: number, ...prev: readonly SignedEvent[]): SignedEvent =>
    room.make({ depth, prev_events: prev.length === 0 ? end : prev.map((each) => each.eventId) });
  const [deep1, flat1] = [under(1_000), under(5)];
  const [deep2, flat2] = [under(1_001, deep1), under(6, flat1)];
  const [deep3, flat3] = [under(1_002, deep2), under(7, flat2)];
  const last = under(1_003, deep3, flat3);
  const all = [deep1, flat1, deep2, flat2, deep3, flat3, last];
  await room.send(all.map(({ pdu }) => pdu));
  await room.untilSeen(last.eventId);
  const ask = async (limit: number, earliest: readonly string[] = end): Promise<string[]> => {
    const path = v1 + pathOf`/get_missing_events/${room.roomId}`;
    const body = { earliest_events: [...earliest], latest_events: [last.eventId], limit };
    const { peer } = room.carol;
    const answer = await peer.request(room.server.serverName, 'POST', path, { body });
    return listAt(answer.body, 'events').map((event) => idOf(event, room.version));
  };
  const ids = (...events: readonly SignedEvent[]): string[] =>
    events.map(({ eventId }) => eventId).toSorted();
  assert.deepEqual((await ask(2)).toSorted(), ids(deep3, flat3));
  assert.deepEqual((await ask(4)).toSorted(), ids(deep3, flat3, deep2, flat2));
  assert.deepEqual((await ask(20)).toSorted(), ids(...all.slice(0, -1)));
  assert.deepEqual((await ask(20, [flat3.eventId, ...end])).toSorted(), ids(deep1, deep2, deep3));
});
