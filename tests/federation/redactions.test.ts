import assert from 'node:assert/strict';

import type { JsonObject } from '@soma/protocol';

import { ok, readEvent, readMessages, roomPath } from '../client-server/requests.ts';
import { sendState, sendText, sync } from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { assertRefused, federationTests } from './federation-test.ts';
import { said } from './forked-room.ts';
import { HostileRoom, type Changes } from './hostile-room.ts';

const test = federationTests();

/** A redaction in the form of the room's version, from where version 3 leaves it to no auth rule. */
function redacting({ version }: HostileRoom, eventId: string): Changes {
  return version.redactsIn === 'content'
    ? { type: 'm.room.redaction', content: { redacts: eventId } }
    : { type: 'm.room.redaction', content: {}, redacts: eventId };
}

/** Whether the event is shown anywhere. */
async function isShown({ alice, roomId }: HostileRoom, eventId: string): Promise<boolean> {
  const { events } = await readMessages(alice, roomId, { limit: 100 });
  const inMessages = events.some((event) => event.eventId === eventId);
  const inSync = JSON.stringify((await sync(alice)).body).includes(eventId);
  const { status } = await alice.request('GET', roomPath(roomId, 'event', eventId));
  assert.deepEqual([inMessages, inSync], [status === 200, status === 200]);
  return inMessages;
}

for (const version of ['6', '11']) {
  test(`a redaction is shown when what it redacts is there, in version ${version}`, async (given) => {
    const room = await HostileRoom.open(given, `early${version}`, { version });
    const { alice, roomId } = room;
    const regretted = room.make(said('regretted'));
    const early = room.make(redacting(room, regretted.eventId));
    await room.send([early.pdu]);
    await room.hearCarol();
    assert.ok(!(await isShown(room, early.eventId)), 'nobody knows yet what it is about');
    await room.send([regretted.pdu]);
    await room.hearCarol();
    assert.deepEqual((await readEvent(alice, roomId, regretted.eventId)).content, {});
    assert.ok(await isShown(room, early.eventId));
    const redaction = await readEvent(alice, roomId, early.eventId);
    assert.equal(valueAt(redaction.json, 'redacts'), regretted.eventId);
    assert.equal(valueAt(redaction.content, 'redacts'), regretted.eventId);
  });

  test(`a redaction that its sender may not make has no effect, and is not shown, in version ${version}`, async (given) => {
    const room = await HostileRoom.open(given, `powerless${version}`, { version });
    const { alice, roomId } = room;
    const eventId = await sendText(alice, roomId, 'to be kept');
    const redaction = room.make(redacting(room, eventId));
    const later = room.make({ prev_events: [redaction.eventId] });
    await room.send([redaction.pdu, later.pdu]);
    await room.hearCarol();
    assert.equal(valueAt((await readEvent(alice, roomId, eventId)).content, 'body'), 'to be kept');
    assert.ok(!(await isShown(room, redaction.eventId)));
    assert.ok(await isShown(room, later.eventId), 'it is an event of the room all the same');
  });
}

test('who may not send redactions redacts nothing, not even what they said themselves', async (given) => {
  const room = await HostileRoom.open(given, 'gated');
  const { alice, roomId, carol } = room;
  const path = roomPath(roomId, 'state', 'm.room.power_levels');
  const levels = (await ok(alice, 'GET', path)) as JsonObject;
  const gated = { ...levels, events: { 'm.room.redaction': 60 }, redact: 0 };
  const regretted = room.make(said('regretted'));
  await room.send([regretted.pdu]);
  await room.untilSeen(regretted.eventId);
  const users = { ...Object(levels['users']), [carol.userId]: 50 };
  await sendState(alice, roomId, 'm.room.power_levels', '', { ...gated, users });
  const late = room.make(redacting(room, regretted.eventId));
  await room.send([late.pdu]);
  await room.hearCarol();
  const { content } = await readEvent(alice, roomId, regretted.eventId);
  assert.equal(valueAt(content, 'msgtype'), 'm.text', 'soft-failed');
  assertRefused(
    await alice.request('GET', roomPath(roomId, 'event', late.eventId)),
    404,
    'M_NOT_FOUND',
  );
});
