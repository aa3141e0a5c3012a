import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { knownVersion } from '../../testing/room-versions.ts';
import { sorted } from '../../testing/state-resolution/memory-room.ts';
import { naiveResolution } from '../../testing/state-resolution/naive-resolution.ts';
import { randomRoom } from '../../testing/state-resolution/random-room.ts';
import { randomStates } from '../../testing/state-resolution/random-states.ts';
import { Random } from '../../testing/state-resolution/random.ts';
import { resolveState } from './resolve-state.ts';

const seeds = fc.integer({ min: 0, max: 2 ** 31 });

for (const id of ['1', '2', '5', '6', '10', '12']) {
  const version = knownVersion(id);

  test(`version ${id}: rooms of many branches resolve as the words of the spec say`, () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { events } = randomRoom(seed, version, 50);
        const known = events.filter(({ verdict }) => verdict.allowed).map(({ event }) => event);
        const room = {
          version,
          events: new Map(known.map((event) => [event.eventId, event])),
          createId: known[0]?.eventId,
        };
        for (const { statesBefore, stateBefore } of events) {
          assert.deepEqual(stateBefore, sorted(naiveResolution(statesBefore, room)));
        }
      }),
      { numRuns: 15 },
    );
  });

  test(`version ${id}: states that no honest server holds do too, with and without an index`, () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const world = randomStates(seed, version, 40);
        const expected = sorted(naiveResolution(world.states, world));
        assert.deepEqual(world.room.resolve(world.states), expected);
        assert.deepEqual(world.room.resolve(world.states, { withIndex: true }), expected);
      }),
      { numRuns: 150 },
    );
  });

  test(`version ${id}: neither order nor repetition of the states matters`, () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { room, states } = randomStates(seed, version, 30);
        const random = new Random(seed);
        const resolved = room.resolve(states);
        const shuffled = random.some(states, states.length);
        assert.deepEqual(room.resolve(shuffled), resolved);
        assert.deepEqual(room.resolve([...shuffled, ...random.some(states, 1)]), resolved);
      }),
      { numRuns: 50 },
    );
  });

  test(`version ${id}: what all states share stays, and a resolved state resolves to itself`, () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { room, states } = randomStates(seed, version, 30);
        const resolved = room.resolve(states);
        for (const [place, eventId] of states[0] ?? []) {
          if (states.every((state) => state.get(place) === eventId)) {
            assert.equal(resolved.get(place), eventId);
          }
        }
        assert.deepEqual(room.resolve([resolved]), resolved);
        assert.deepEqual(room.resolve([resolved, resolved]), resolved);
      }),
      { numRuns: 50 },
    );
  });

  test(`version ${id}: a source that answers later gives the same`, async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const { room, states } = randomStates(seed, version, 30);
        const { source } = room;
        const later = {
          authEvents: async (nids: readonly number[]) => source.authEvents(nids),
          events: async (nids: readonly number[]) => source.events(nids),
          stateKeys: async (keys: Parameters<typeof source.stateKeys>[0]) => source.stateKeys(keys),
        };
        const resolution = await resolveState(room.question(states), later);
        assert.deepEqual(room.read(resolution), room.resolve(states));
      }),
      { numRuns: 20 },
    );
  });
}
