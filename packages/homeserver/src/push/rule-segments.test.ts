import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AS_ELSEWHERE, ELSEWHERE } from './push-rule-store.ts';
import { ruleSegments } from './rule-segments.ts';

const ROOM = 7;

function entry(roomNid: number, fromPosition: number, ruleSetNid: number) {
  return { roomNid, fromPosition, ruleSetNid };
}

test('without entries the default rules hold all the time', () => {
  assert.deepEqual(ruleSegments([], ROOM, 3, 9), [{ ruleSetNid: 0, above: 3, upTo: 9 }]);
  assert.deepEqual(ruleSegments([], ROOM, 9, 9), []);
});

test('time is cut where the rules of the room change, elsewhere included', () => {
  const entries = [
    entry(ROOM, 2, 5),
    entry(ELSEWHERE, 4, 6),
    entry(ROOM, 6, AS_ELSEWHERE),
    entry(8, 7, 9),
    entry(ELSEWHERE, 8, 0),
  ];
  assert.deepEqual(ruleSegments(entries, ROOM, 0, 10), [
    { ruleSetNid: 0, above: 0, upTo: 2 },
    { ruleSetNid: 5, above: 2, upTo: 6 },
    { ruleSetNid: 6, above: 6, upTo: 8 },
    { ruleSetNid: 0, above: 8, upTo: 10 },
  ]);
});

test('only what lies in between is cut, and a change holds above its position', () => {
  const entries = [entry(ROOM, 2, 5), entry(ROOM, 6, 6), entry(ROOM, 8, 7)];
  assert.deepEqual(ruleSegments(entries, ROOM, 2, 6), [{ ruleSetNid: 5, above: 2, upTo: 6 }]);
  assert.deepEqual(ruleSegments(entries, ROOM, 7, 8), [{ ruleSetNid: 6, above: 7, upTo: 8 }]);
});
