import type { JsonObject } from '../../src/canonical-json.ts';
import { ADMIN, CO_CREATOR, CREATOR, LEVELS, MOD, MOD2, USER } from './world.ts';
import type { AuthCase } from './world.ts';

function levels(sender: string, changes: JsonObject): AuthCase['event'] {
  return {
    type: 'm.room.power_levels',
    sender,
    state_key: '',
    content: { ...LEVELS, ...changes },
  };
}

const users = (changes: JsonObject): JsonObject => ({
  users: { [ADMIN]: 100, [MOD]: 50, [MOD2]: 50, ...changes },
});

const withoutRedact: JsonObject = Object.fromEntries(
  Object.entries(LEVELS).filter(([name]) => name !== 'redact'),
);

/** The rules for `m.room.power_levels`. */
export const powerLevelsCases: readonly AuthCase[] = [
  ...['users_default', 'events_default', 'state_default', 'ban', 'redact', 'kick', 'invite'].map(
    (name): AuthCase => ({
      name: `${name} is a string`,
      event: levels(MOD, { [name]: '50' }),
      rule: 'levels-singles',
      allowed: false,
    }),
  ),
  {
    name: 'a level is null',
    event: levels(MOD, { ban: null }),
    rule: 'levels-singles',
    allowed: false,
  },
  {
    name: 'events is a list',
    event: levels(MOD, { events: [] }),
    rule: 'levels-maps',
    allowed: false,
  },
  {
    name: 'notifications has a string',
    event: levels(MOD, { notifications: { room: '50' } }),
    rule: 'levels-maps',
    allowed: false,
  },
  {
    name: 'users is a list',
    event: levels(MOD, { users: [] }),
    rule: 'levels-users',
    allowed: false,
  },
  {
    name: 'users has a key that is no user ID',
    event: levels(MOD, users({ bob: 1 })),
    rule: 'levels-users',
    allowed: false,
  },
  {
    name: 'users has a string',
    event: levels(MOD, users({ [USER]: '1' })),
    rule: 'levels-users',
    allowed: false,
    from: 10,
  },
  {
    name: 'users has a string that is no integer',
    event: levels(MOD, users({ [USER]: '1.5' })),
    rule: 'levels-users',
    allowed: false,
  },
  {
    name: 'users has a string beyond the range of a double',
    event: levels(MOD, users({ [USER]: '9'.repeat(400) })),
    rule: 'levels-users',
    allowed: false,
  },
  {
    name: 'users has a level in words',
    event: levels(MOD, users({ [USER]: 'moderator' })),
    rule: 'levels-users',
    allowed: false,
  },
  {
    name: 'users has a string that is an integer, with sign, zeros and spaces',
    event: levels(MOD, users({ [USER]: ' +0050 ' })),
    rule: 'levels-otherwise',
    allowed: true,
    to: 9,
  },
  {
    name: 'the integer of a string is above the sender',
    event: levels(MOD, users({ [USER]: '51' })),
    rule: 'users-after',
    allowed: false,
    to: 9,
  },
  {
    name: 'a float in users is truncated',
    event: levels(MOD, users({ [USER]: 50.9 })),
    rule: 'levels-otherwise',
    allowed: true,
    to: 5,
  },
  {
    name: 'users has a float',
    event: levels(MOD, users({ [USER]: 50.9 })),
    rule: 'levels-users',
    allowed: false,
    from: 6,
  },
  {
    name: 'levels that differ only in how they are written are not changed',
    event: levels(MOD, { ban: '60' }),
    state: { 'm.room.power_levels': { ...LEVELS, ban: 60 } },
    rule: 'levels-otherwise',
    allowed: true,
    to: 9,
  },
  {
    name: 'notification levels are not looked at before version 6',
    event: levels(MOD, { notifications: { room: 100 } }),
    rule: 'levels-otherwise',
    allowed: true,
    to: 5,
  },
  {
    name: 'a creator is listed',
    event: levels(CREATOR, users({ [CREATOR]: 100 })),
    rule: 'levels-creators',
    allowed: false,
    from: 12,
  },
  {
    name: 'an additional creator is listed',
    event: levels(CREATOR, users({ [CO_CREATOR]: 100 })),
    rule: 'levels-creators',
    allowed: false,
    from: 12,
  },
  {
    name: 'the first power levels of a room',
    event: levels(CREATOR, {}),
    state: { 'm.room.power_levels': null },
    rule: 'levels-first',
    allowed: true,
  },
  {
    name: 'lowering a level that is above oneself',
    event: levels(MOD, { ban: 10 }),
    state: { 'm.room.power_levels': { ...LEVELS, ban: 60 } },
    rule: 'single-before',
    allowed: false,
  },
  {
    name: 'removing a level that is above oneself',
    event: { ...levels(MOD, {}), content: withoutRedact },
    state: { 'm.room.power_levels': { ...LEVELS, redact: 60 } },
    rule: 'single-before',
    allowed: false,
  },
  {
    name: 'raising a level above oneself',
    event: levels(MOD, { kick: 51 }),
    rule: 'single-after',
    allowed: false,
  },
  {
    name: 'changing an event level that is above oneself',
    event: levels(MOD, { events: { 'm.room.name': 50, 'org.example.locked': 101 } }),
    rule: 'map-before',
    allowed: false,
  },
  {
    name: 'removing an event level that is above oneself',
    event: levels(MOD, { events: { 'm.room.name': 60 } }),
    rule: 'map-before',
    allowed: false,
  },
  {
    name: 'changing a notification level that is above oneself',
    from: 6,
    event: levels(MOD, { notifications: { room: 50 } }),
    state: { 'm.room.power_levels': { ...LEVELS, notifications: { room: 60 } } },
    rule: 'map-before',
    allowed: false,
  },
  {
    name: 'adding an event level above oneself',
    event: levels(MOD, {
      events: { 'm.room.name': 60, 'org.example.locked': 101, 'org.example.new': 51 },
    }),
    rule: 'map-after',
    allowed: false,
  },
  {
    name: 'raising a notification level above oneself',
    from: 6,
    event: levels(MOD, { notifications: { room: 51 } }),
    rule: 'map-after',
    allowed: false,
  },
  {
    name: 'lowering a peer',
    event: levels(MOD, users({ [MOD2]: 0 })),
    rule: 'users-before',
    allowed: false,
  },
  {
    name: 'removing a superior',
    event: levels(MOD, { users: { [MOD]: 50, [MOD2]: 50 } }),
    rule: 'users-before',
    allowed: false,
  },
  {
    name: 'raising someone above oneself',
    event: levels(MOD, users({ [USER]: 51 })),
    rule: 'users-after',
    allowed: false,
  },
  {
    name: 'raising oneself',
    event: levels(MOD, users({ [MOD]: 51 })),
    rule: 'users-after',
    allowed: false,
  },
  {
    name: 'stepping down',
    event: levels(MOD, users({ [MOD]: 0 })),
    rule: 'levels-otherwise',
    allowed: true,
  },
  {
    name: "raising someone to one's own level",
    event: levels(MOD, users({ [USER]: 50 })),
    rule: 'levels-otherwise',
    allowed: true,
  },
  {
    name: 'power levels that say nothing',
    event: { ...levels(ADMIN, {}), content: {} },
    state: { 'm.room.power_levels': { users: { [ADMIN]: 100 } } },
    rule: 'levels-otherwise',
    allowed: true,
  },
  {
    name: 'maps that are none count as empty before version 10',
    event: levels(ADMIN, { events: 'x' }),
    state: { 'm.room.power_levels': { users: { [ADMIN]: 100 }, events: [] } },
    rule: 'levels-otherwise',
    allowed: true,
    to: 9,
  },
  {
    name: 'changing nothing',
    event: levels(MOD, {}),
    rule: 'levels-otherwise',
    allowed: true,
  },
  {
    name: "adding and removing levels within one's power",
    event: levels(ADMIN, {
      ...users({ [MOD]: 100, [USER]: -1 }),
      events: { 'org.example.locked': 101, 'm.room.topic': 100 },
      invite: 100,
    }),
    rule: 'levels-otherwise',
    allowed: true,
  },
  {
    name: 'a creator may set any level',
    event: levels(CREATOR, { events: { 'm.room.tombstone': 2 ** 53 - 1 } }),
    rule: 'levels-otherwise',
    allowed: true,
    from: 12,
  },
];
