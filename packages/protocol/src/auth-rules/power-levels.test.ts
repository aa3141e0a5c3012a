import assert from 'node:assert/strict';
import { test } from 'node:test';

import { knownVersion } from '../../testing/room-versions.ts';
import type { JsonValue } from '../canonical-json.ts';
import { mayRedact } from './may-redact.ts';
import { parseLevel } from './power-level-values.ts';
import { creatorsOf, powerLevels } from './power-levels.ts';

const v10 = knownVersion('10');
const v11 = knownVersion('11');
const v12 = knownVersion('12');
const create = {
  sender: '@sender:example.org',
  content: {
    creator: '@creator:example.org',
    additional_creators: ['@more:example.org', 7],
  },
};

test('the defaults of a room without power levels', () => {
  const levels = powerLevels(undefined, create, v11);
  assert.deepEqual(
    [levels.ban, levels.kick, levels.redact, levels.invite, levels.usersDefault],
    [50, 50, 50, 0, 0],
  );
  assert.deepEqual([levels.stateDefault, levels.eventsDefault], [50, 0]);
  assert.equal(levels.eventLevel('m.room.name', true), 50);
  assert.equal(levels.eventLevel('m.room.message', false), 0);
  assert.equal(levels.notificationLevel('room'), 50);
});

test('who the creators are, by version', () => {
  assert.deepEqual(creatorsOf(create, v10), ['@creator:example.org']);
  assert.deepEqual(creatorsOf(create, v11), ['@sender:example.org']);
  assert.deepEqual(creatorsOf(create, v12), ['@sender:example.org', '@more:example.org']);
  assert.deepEqual(creatorsOf({ sender: '@a:b', content: {} }, v10), []);
});

test('creators have 100 without power levels, and infinite power from version 12 on', () => {
  assert.equal(powerLevels(undefined, create, v10).userLevel('@creator:example.org'), 100);
  assert.equal(powerLevels(undefined, create, v11).userLevel('@sender:example.org'), 100);
  assert.equal(powerLevels(undefined, create, v11).userLevel('@more:example.org'), 0);
  assert.equal(powerLevels({}, create, v11).userLevel('@sender:example.org'), 0);
  assert.equal(powerLevels(undefined, create, v12).userLevel('@more:example.org'), Infinity);
  assert.equal(powerLevels({}, create, v12).userLevel('@sender:example.org'), Infinity);
  assert.equal(powerLevels(undefined, create, v12).userLevel('@else:example.org'), 0);
});

test('what is set is used', () => {
  const levels = powerLevels(
    {
      users: { '@a:b': 7 },
      users_default: 1,
      events: { 'm.room.name': 2, __proto__x: 3 },
      events_default: 4,
      state_default: 5,
      ban: 6,
      kick: 7,
      redact: 8,
      invite: 9,
      notifications: { room: 10 },
    },
    create,
    v11,
  );
  assert.equal(levels.userLevel('@a:b'), 7);
  assert.equal(levels.userLevel('@c:d'), 1);
  assert.equal(levels.eventLevel('m.room.name', true), 2);
  assert.equal(levels.eventLevel('constructor', true), 5);
  assert.equal(levels.eventLevel('x', false), 4);
  assert.deepEqual([levels.ban, levels.kick, levels.redact, levels.invite], [6, 7, 8, 9]);
  assert.equal(levels.notificationLevel('room'), 10);
  assert.equal(levels.notificationLevel('other'), 50);
});

test('maps that are none count as empty', () => {
  const levels = powerLevels({ users: 'x', events: [], notifications: null }, create, v11);
  assert.equal(levels.userLevel('@a:b'), 0);
  assert.equal(levels.eventLevel('0', false), 0);
  assert.equal(levels.notificationLevel('room'), 50);
});

// A level as versions 5, 9 and 10 read it.
const VALUES: readonly (readonly [JsonValue, number?, number?, number?])[] = [
  [5, 5, 5, 5],
  [-5, -5, -5, -5],
  ['100', 100, 100],
  ['000100', 100, 100],
  ['+100', 100, 100],
  ['-100', -100, -100],
  [' 00100 ', 100, 100],
  [' -100 ', -100, -100],
  [51146.98, 51146],
  [-1.5, -1],
  ['1.5'],
  ['+-1'],
  ['1e3'],
  ['0x10'],
  [''],
  [' '],
  [null],
  [true],
  [[]],
];

for (const [value, ...expected] of VALUES) {
  test(`the power level ${JSON.stringify(value)}`, () => {
    assert.deepEqual(
      ['5', '9', '10'].map((id) => parseLevel(value, knownVersion(id))),
      [0, 1, 2].map((index) => expected[index]),
    );
  });
}

test('who may redact', () => {
  const levels = powerLevels({ users: { '@mod:b': 50 } }, create, v11);
  assert.ok(mayRedact('@mod:b', '@x:other', levels));
  assert.ok(mayRedact('@user:b', '@x:b', levels));
  assert.ok(!mayRedact('@user:b', '@x:other', levels));
});

test('a room without a create event has nobody above the others', () => {
  for (const id of ['11', '12']) {
    assert.equal(powerLevels(undefined, undefined, knownVersion(id)).userLevel('@a:b'), 0);
  }
});
