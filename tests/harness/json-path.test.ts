import assert from 'node:assert/strict';
import { test } from 'node:test';

import { listAt, textAt, valueAt } from './json-path.ts';

const sample = { rooms: { join: { '!a:b': { events: ['x', 'y'] } } } };

test('a path of names and indexes leads to a value', () => {
  assert.equal(textAt(sample, 'rooms', 'join', '!a:b', 'events', 1), 'y');
  assert.deepEqual(listAt(sample, 'rooms', 'join', '!a:b', 'events'), ['x', 'y']);
});

test('an absent value, an inherited one included, is undefined', () => {
  assert.equal(valueAt(sample, 'rooms', 'leave', '!a:b'), undefined);
  assert.equal(valueAt(sample, 'toString'), undefined);
});

test('another type than the expected one is refused with the path', () => {
  assert.throws(() => textAt(sample, 'rooms', 'join'), /a string at rooms\.join/);
  assert.throws(() => listAt(sample, 'rooms'), /an array at rooms/);
});
