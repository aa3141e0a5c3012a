import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { knownVersion } from '../../testing/room-versions.ts';
import { hostileStates } from '../../testing/state-resolution/hostile-states.ts';
import { MemoryRoom, sorted } from '../../testing/state-resolution/memory-room.ts';
import { naiveResolution } from '../../testing/state-resolution/naive-resolution.ts';
import { placeAt } from '../../testing/state-resolution/room-event.ts';
import {
  ALICE,
  BEGINNING,
  BOB,
  drawnRoom,
  drawnState,
  member,
} from '../../testing/state-resolution/scenarios/scenario.ts';
import { resolveStateNow } from './resolve-state.ts';
import type { MemorySource } from './types.ts';

for (const id of ['1', '2', '6', '12']) {
  const version = knownVersion(id);

  test(`version ${id}: cycles, gaps and any content are resolved to something, in any order to the same`, () => {
    fc.assert(
      fc.property(hostileStates, ({ events, states }) => {
        const resolved = new MemoryRoom(version, events).resolve(states);
        // Which of several create events is the room's own is not for the resolution to say.
        const create = events.find(({ type }) => type === 'm.room.create');
        const others = events.filter((event) => event !== create).toReversed();
        const again = new MemoryRoom(version, create === undefined ? others : [create, ...others]);
        assert.deepEqual(again.resolve(states.toReversed(), { withIndex: true }), resolved);
        // In version 1 the page does not say what becomes of events that are not known.
        if (id === '1') return;
        const byId = new Map(events.map((event) => [event.eventId, event]));
        const expected = naiveResolution(states, {
          version,
          events: byId,
          createId: create?.eventId,
        });
        assert.deepEqual(resolved, sorted(expected));
      }),
      { numRuns: 500 },
    );
  });

  test(`version ${id}: a source that contradicts the states does no harm`, () => {
    fc.assert(
      fc.property(
        hostileStates,
        fc.array(fc.dictionary(fc.nat(9).map(String), fc.nat(20)), { maxLength: 4 }),
        fc.option(fc.nat(20), { nil: undefined }),
        ({ events }, entries, createNid) => {
          const { source } = new MemoryRoom(version, events);
          const stateSets = entries.map(
            (state) => new Map(Object.entries(state).map(([key, nid]) => [Number(key), nid])),
          );
          const { resolved } = resolveStateNow(
            {
              roomVersion: version,
              stateSets,
              sha1: () => '',
              ...(createNid === undefined ? {} : { createNid }),
            },
            source,
          );
          assert.ok(resolved.size <= events.length);
        },
      ),
      { numRuns: 500 },
    );
  });
}

test('events that the source does not know are named, and count as sent by nobody', () => {
  for (const id of ['1', '2', '12']) {
    const version = knownVersion(id);
    const room = new MemoryRoom(
      version,
      drawnRoom({ title: '', events: BEGINNING, states: [], expected: {} }, version),
    );
    const unknown = room.eventIds.nid('$unknown:example.org');
    const shared = [
      [placeAt('m.room.create', ''), '$create:example.org'],
      [placeAt('m.room.power_levels', ''), '$levels0:example.org'],
      [placeAt('m.room.member', 'nobody'), '$not-known-either:example.org'],
    ] as const;
    const topicPlace = placeAt('m.room.topic', '');
    const question = room.question([
      new Map([...shared, [topicPlace, '$unknown:example.org']]),
      new Map(shared),
    ]);
    const { missing, resolved } = resolveStateNow(question, room.source);
    assert.deepEqual(missing, [unknown]);
    assert.deepEqual([...resolved], []);
  }
});

test('in version 12 nothing is allowed without the create event', () => {
  const version = knownVersion('12');
  const events = drawnRoom({ title: '', events: BEGINNING, states: [], expected: {} }, version);
  const room = new MemoryRoom(version, events.slice(1));
  const states = events.slice(1).map(({ eventId, type, state_key: stateKey = '' }) => {
    return new Map([[placeAt(type, stateKey), eventId]]);
  });
  assert.deepEqual(room.resolve(states), new Map());
});

test('a source that breaks its promise to be in memory is told so', async () => {
  const version = knownVersion('11');
  const room = new MemoryRoom(version);
  const question = room.question([new Map([['a|', '$a']]), new Map([['a|', '$b']])]);
  const source: MemorySource = {
    ...room.source,
    // As JavaScript may: what stands in the place of an array is a promise.
    authEvents: () => Object.assign(Promise.resolve([]), { length: 0 }) as never,
  };
  assert.throws(() => resolveStateNow(question, source), TypeError);
});

test('a third-party invite in conflict is allowed with a verifier that confirms it, and only then', () => {
  for (const id of ['2', '12']) {
    const version = knownVersion(id);
    const signed = { mxid: BOB, token: 't', signatures: { 'id.example': { 'ed25519:1': 'c2ln' } } };
    const events = {
      create: BEGINNING.create,
      alice: BEGINNING.alice,
      levels0: BEGINNING.levels0,
      thirdParty: {
        type: 'm.room.third_party_invite',
        state_key: 't',
        sender: ALICE,
        content: { public_key: 'a2V5' },
        auth: ['alice', 'levels0'],
      },
      invite: {
        ...member(BOB, 'invite', ['alice', 'levels0', 'thirdParty'], { sender: ALICE }),
        content: { membership: 'invite', third_party_invite: { signed } },
      },
    };
    const scenario = { title: '', events, states: [], expected: {} };
    const room = new MemoryRoom(version, drawnRoom(scenario, version));
    const before = drawnState(scenario, ['alice', 'levels0', 'thirdParty']);
    const after = drawnState(scenario, ['alice', 'levels0', 'thirdParty', 'invite']);
    const question = room.question([before, after]);
    const resolveWith = (isValid: boolean) =>
      room.read(resolveStateNow({ ...question, verify: () => isValid }, room.source));
    assert.deepEqual(resolveWith(true), sorted(after));
    assert.deepEqual(resolveWith(false), sorted(before));
    assert.deepEqual(room.resolve([before, after]), sorted(before));
  }
});

test('auth chains of any length are walked without recursion', () => {
  const version = knownVersion('12');
  const room = new MemoryRoom(
    version,
    drawnRoom({ title: '', events: BEGINNING, states: [], expected: {} }, version),
  );
  const before = new Map([
    [placeAt('m.room.create', ''), '$create:example.org'],
    [placeAt('m.room.power_levels', ''), '$levels0:example.org'],
  ]);
  const ends = ['a', 'b'].map((fork) => {
    let last = '$alice:example.org';
    for (let index = 0; index < 20_000; index++) {
      const eventId = `$${fork}${index}`;
      room.add({
        eventId,
        type: 'm.room.member',
        state_key: ALICE,
        sender: ALICE,
        content: { membership: 'join' },
        room_id: '!create:example.org',
        prev_events: [last],
        auth_events: [last, '$levels0:example.org'],
        depth: index,
        origin_server_ts: index,
      });
      last = eventId;
    }
    return new Map([...before, [placeAt('m.room.member', ALICE), last]]);
  });
  const [, expected] = ends;
  assert.deepEqual(room.resolve(ends), sorted(expected ?? []));
  assert.deepEqual(room.resolve(ends, { withIndex: true }), sorted(expected ?? []));
});
