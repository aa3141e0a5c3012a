import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  authorise,
  contentHashMatches,
  eventIdOf,
  isJsonObject,
  parsePdu,
  referenceText,
  requiredSigners,
  roomVersion,
  supportedRoomVersions,
  verifySignatures,
} from '@soma/protocol';
import type { RoomVersion } from '@soma/protocol';

import { nodeCrypto, nodeVerify } from '../packages/protocol/testing/node-crypto.ts';
import { naiveResolution } from '../packages/protocol/testing/state-resolution/naive-resolution.ts';
import { placeAt, placeOf } from '../packages/protocol/testing/state-resolution/room-event.ts';
import type {
  RoomEvent,
  RoomState,
} from '../packages/protocol/testing/state-resolution/room-event.ts';
import { exportRooms } from './export-rooms.ts';
import type { ExportedRoom } from './export-rooms/export-room.ts';

const EXPORT = ['--seed', '11', '--rooms', '2', '--events', '40'];

function linesOf(versionId: string): ExportedRoom[] {
  return [...exportRooms([...EXPORT, '--room-version', versionId])].map((line) => JSON.parse(line));
}

/** What a line says, read again with nothing but the line. */
function reread(line: ExportedRoom, version: RoomVersion) {
  const events = new Map<string, RoomEvent>();
  const statesAfter = new Map<string, RoomState>();
  const naiveRoom = { version, events, createId: line.events[0]?.event_id };
  const stateAfter = (eventIds: readonly string[]): RoomState =>
    naiveResolution(
      eventIds.map((id) => statesAfter.get(id) ?? new Map<string, string>()),
      naiveRoom,
    );
  return { events, statesAfter, stateAfter };
}

for (const id of supportedRoomVersions()) {
  const version = roomVersion(id);
  assert.ok(version !== undefined);

  test(`version ${id}: every event has its hashes, its ID and its signatures`, () => {
    for (const { events, keys } of linesOf(id)) {
      for (const { event_id: eventId, pdu: exported } of events) {
        const parsed = parsePdu(exported, version);
        assert.ok(parsed.ok);
        const { pdu } = parsed;
        assert.ok(contentHashMatches(pdu, nodeCrypto()));
        assert.equal(eventIdOf(pdu, version, nodeCrypto()), eventId);
        for (const server of requiredSigners(pdu, version)) {
          const text = referenceText(pdu, version);
          const keyOf = (keyId: string): string | undefined => keys[server]?.[keyId];
          const verdict = verifySignatures(pdu.signatures, text, server, keyOf, nodeVerify);
          assert.ok(verdict.valid);
        }
      }
    }
  });

  test(`version ${id}: states and verdicts follow from the events before`, () => {
    for (const line of linesOf(id)) {
      const { events, stateAfter, statesAfter } = reread(line, version);
      const resolutions = new Map(line.resolutions.map((each) => [each.before, each]));
      const check = (before: string | null, prevEvents: readonly string[], state: RoomState) => {
        const resolution = resolutions.get(before);
        assert.equal(resolution === undefined, before !== null && prevEvents.length < 2);
        if (resolution === undefined) return;
        assert.deepEqual(resolution.prev_events, prevEvents);
        assert.deepEqual(new Set(resolution.resolved), new Set(state.values()));
        for (const [index, eventId] of prevEvents.entries()) {
          const expected = new Set(statesAfter.get(eventId)?.values());
          assert.deepEqual(new Set(resolution.state_sets[index]), expected);
        }
      };
      for (const { event_id: eventId, pdu, auth } of line.events) {
        // What it names stands in lines before it.
        for (const named of [...idsOf(pdu.prev_events), ...idsOf(pdu.auth_events)]) {
          assert.ok(statesAfter.has(named));
        }
        const event: RoomEvent = {
          ...pdu,
          eventId,
          prev_events: idsOf(pdu.prev_events),
          auth_events: idsOf(pdu.auth_events),
        };
        const before = stateAfter(event.prev_events);
        check(eventId, event.prev_events, before);
        const get = (type: string, stateKey: string) =>
          events.get(before.get(placeAt(type, stateKey)) ?? '');
        assert.deepEqual(authorise(event, { get }, version), auth);
        if (!auth.allowed) continue;
        events.set(eventId, event);
        const isState = event.state_key !== undefined;
        statesAfter.set(
          eventId,
          isState ? new Map([...before, [placeOf(event), eventId]]) : before,
        );
      }
      const end = resolutions.get(null)?.prev_events ?? [];
      check(null, end, stateAfter(end));
    }
  });

  test(`version ${id}: the same seed makes the same rooms, another one others`, () => {
    const options = ['--room-version', id, '--events', '20'];
    const lines = [...exportRooms([...options, '--seed', '3', '--rooms', '2'])];
    assert.deepEqual([...exportRooms([...options, '--seed', '3', '--rooms', '2'])], lines);
    assert.notDeepEqual([...exportRooms([...options, '--seed', '5', '--rooms', '2'])], lines);
    assert.ok(lines.every((line) => isJsonObject(JSON.parse(line))));
  });
}

test('without a version there are rooms of each, with a wrong one or a wrong number there are none', () => {
  const rooms: ExportedRoom[] = [...exportRooms(['--events', '5'])].map((line) => JSON.parse(line));
  const versions = rooms.map(({ room_version: id }) => id);
  assert.deepEqual(versions, supportedRoomVersions());
  assert.throws(() => [...exportRooms(['--room-version', '99'])], /room version 99 is not one of/);
  assert.throws(() => [...exportRooms(['--rooms', 'many'])], /--rooms must be an integer/);
});

/** References as event IDs, in room versions where they are pairs too. */
function idsOf(references: readonly unknown[]): string[] {
  return references.map((reference) => String(Array.isArray(reference) ? reference[0] : reference));
}
