import assert from 'node:assert/strict';
import { beforeEach, describe, mock, test } from 'node:test';

import { Typing } from './typing.ts';

const ALICE = '@alice:example.org';
const BOB = '@bob:example.org';

describe('typing', () => {
  let typing: Typing;

  beforeEach((context) => {
    mock.timers.enable({ apis: ['setTimeout'] });
    typing = new Typing();
    if ('after' in context) context.after(() => mock.timers.reset());
  });

  test('it ends by itself, later when it is said again, and after two minutes at most', () => {
    typing.start(1, ALICE);
    typing.start(1, BOB, 10_000_000);
    mock.timers.tick(20_000);
    typing.start(1, ALICE);
    mock.timers.tick(20_000);
    assert.deepEqual(typing.usersTyping(1), [ALICE, BOB]);
    mock.timers.tick(10_000);
    assert.deepEqual(typing.usersTyping(1), [BOB]);
    mock.timers.tick(70_000);
    assert.deepEqual(typing.usersTyping(1), []);
  });

  test('each change is told and counted, what changes nothing is not', () => {
    const told: number[] = [];
    typing.onChange((roomNid) => told.push(roomNid));
    typing.start(1, ALICE);
    typing.start(1, ALICE);
    typing.start(2, ALICE);
    typing.stop(1, BOB);
    typing.stop(1, ALICE);
    mock.timers.tick(30_000);
    assert.deepEqual(told, [1, 2, 1, 2]);
    assert.equal(typing.counter, 4);
  });

  test('rooms that changed are known from a counter on', () => {
    typing.start(1, ALICE);
    const { counter } = typing;
    assert.deepEqual([...typing.roomsChangedSince(counter)], []);
    typing.start(2, ALICE);
    typing.start(2, BOB);
    assert.deepEqual([...typing.roomsChangedSince(counter)], [2]);
    assert.deepEqual([...typing.roomsChangedSince(0)], [1, 2]);
    assert.deepEqual(new Set(typing.roomsChangedSince(-1)), new Set([1, 2]));
  });

  test('of changes that are no longer remembered, rooms where somebody types are', () => {
    typing.start(1, ALICE);
    for (let turn = 0; turn < 15_000; turn += 1) {
      typing.start(2, BOB);
      typing.stop(2, BOB);
    }
    assert.deepEqual(new Set(typing.roomsChangedSince(0)), new Set([1, 2]));
  });
});
