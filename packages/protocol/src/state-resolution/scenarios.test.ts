import assert from 'node:assert/strict';
import { test } from 'node:test';

import { knownVersion } from '../../testing/room-versions.ts';
import { MemoryRoom, sorted } from '../../testing/state-resolution/memory-room.ts';
import { naiveResolution } from '../../testing/state-resolution/naive-resolution.ts';
import { depthScenarios } from '../../testing/state-resolution/scenarios/depth-scenarios.ts';
import { mainlineScenarios } from '../../testing/state-resolution/scenarios/mainline-scenarios.ts';
import { powerScenarios } from '../../testing/state-resolution/scenarios/power-scenarios.ts';
import { resetScenarios } from '../../testing/state-resolution/scenarios/reset-scenarios.ts';
import { drawnRoom, drawnState } from '../../testing/state-resolution/scenarios/scenario.ts';

const SCENARIOS = [...powerScenarios, ...mainlineScenarios, ...resetScenarios, ...depthScenarios];
const VERSIONS = ['1', '2', '11', '12'].map(knownVersion);

for (const scenario of SCENARIOS) {
  for (const version of VERSIONS) {
    const names = scenario.expected[version.stateResolution];
    if (names === undefined) continue;
    test(`version ${version.id}: ${scenario.title}`, () => {
      const events = drawnRoom(scenario, version);
      const states = scenario.states.map((state) => drawnState(scenario, state));
      const expected = sorted(drawnState(scenario, names));
      const room = new MemoryRoom(version, events);
      assert.deepEqual(room.resolve(states), expected);
      assert.deepEqual(room.resolve(states.toReversed(), { withIndex: true }), expected);
      const byId = new Map(events.map((event) => [event.eventId, event]));
      const createId = events[0]?.eventId;
      assert.deepEqual(
        sorted(naiveResolution(states, { version, events: byId, createId })),
        expected,
      );
    });
  }
}
