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

/** Rule 9 (10 from version 12 on, where 10.4 is new). */
export const powerLevelsCases: readonly AuthCase[] = [
  ...['users_default', 'events_default', 'state_default', 'ban', 'redact', 'kick', 'invite'].map(
    (name): AuthCase => ({
      name: `${name} is a string`,
      event: levels(MOD, { [name]: '50' }),
      rule: ['9.1', '10.1'],
      allowed: false,
    }),
  ),
  {
    name: 'a level is null',
    event: levels(MOD, { ban: null }),
    rule: ['9.1', '10.1'],
    allowed: false,
  },
  {
    name: 'events is a list',
    event: levels(MOD, { events: [] }),
    rule: ['9.2', '10.2'],
    allowed: false,
  },
  {
    name: 'notifications has a string',
    event: levels(MOD, { notifications: { room: '50' } }),
    rule: ['9.2', '10.2'],
    allowed: false,
  },
  {
    name: 'users is a list',
    event: levels(MOD, { users: [] }),
    rule: ['9.3', '10.3'],
    allowed: false,
  },
  {
    name: 'users has a key that is no user ID',
    event: levels(MOD, users({ bob: 1 })),
    rule: ['9.3', '10.3'],
    allowed: false,
  },
  {
    name: 'users has a string',
    event: levels(MOD, users({ [USER]: '1' })),
    rule: ['9.3', '10.3'],
    allowed: false,
  },
  {
    name: 'a creator is listed',
    event: levels(CREATOR, users({ [CREATOR]: 100 })),
    rule: ['', '10.4'],
    allowed: false,
    versions: ['12'],
  },
  {
    name: 'an additional creator is listed',
    event: levels(CREATOR, users({ [CO_CREATOR]: 100 })),
    rule: ['', '10.4'],
    allowed: false,
    versions: ['12'],
  },
  {
    name: 'the first power levels of a room',
    event: levels(CREATOR, {}),
    state: { 'm.room.power_levels': null },
    rule: ['9.4', '10.5'],
    allowed: true,
  },
  {
    name: 'lowering a level that is above oneself',
    event: levels(MOD, { ban: 10 }),
    state: { 'm.room.power_levels': { ...LEVELS, ban: 60 } },
    rule: ['9.5.1', '10.6.1'],
    allowed: false,
  },
  {
    name: 'removing a level that is above oneself',
    event: { ...levels(MOD, {}), content: withoutRedact },
    state: { 'm.room.power_levels': { ...LEVELS, redact: 60 } },
    rule: ['9.5.1', '10.6.1'],
    allowed: false,
  },
  {
    name: 'raising a level above oneself',
    event: levels(MOD, { kick: 51 }),
    rule: ['9.5.2', '10.6.2'],
    allowed: false,
  },
  {
    name: 'changing an event level that is above oneself',
    event: levels(MOD, { events: { 'm.room.name': 50, 'org.example.locked': 101 } }),
    rule: ['9.6.1', '10.7.1'],
    allowed: false,
  },
  {
    name: 'removing an event level that is above oneself',
    event: levels(MOD, { events: { 'm.room.name': 60 } }),
    rule: ['9.6.1', '10.7.1'],
    allowed: false,
  },
  {
    name: 'changing a notification level that is above oneself',
    event: levels(MOD, { notifications: { room: 50 } }),
    state: { 'm.room.power_levels': { ...LEVELS, notifications: { room: 60 } } },
    rule: ['9.6.1', '10.7.1'],
    allowed: false,
  },
  {
    name: 'adding an event level above oneself',
    event: levels(MOD, {
      events: { 'm.room.name': 60, 'org.example.locked': 101, 'org.example.new': 51 },
    }),
    rule: ['9.7.1', '10.8.1'],
    allowed: false,
  },
  {
    name: 'raising a notification level above oneself',
    event: levels(MOD, { notifications: { room: 51 } }),
    rule: ['9.7.1', '10.8.1'],
    allowed: false,
  },
  {
    name: 'lowering a peer',
    event: levels(MOD, users({ [MOD2]: 0 })),
    rule: ['9.8.1', '10.9.1'],
    allowed: false,
  },
  {
    name: 'removing a superior',
    event: levels(MOD, { users: { [MOD]: 50, [MOD2]: 50 } }),
    rule: ['9.8.1', '10.9.1'],
    allowed: false,
  },
  {
    name: 'raising someone above oneself',
    event: levels(MOD, users({ [USER]: 51 })),
    rule: ['9.9.1', '10.10.1'],
    allowed: false,
  },
  {
    name: 'raising oneself',
    event: levels(MOD, users({ [MOD]: 51 })),
    rule: ['9.9.1', '10.10.1'],
    allowed: false,
  },
  {
    name: 'stepping down',
    event: levels(MOD, users({ [MOD]: 0 })),
    rule: ['9.10', '10.11'],
    allowed: true,
  },
  {
    name: "raising someone to one's own level",
    event: levels(MOD, users({ [USER]: 50 })),
    rule: ['9.10', '10.11'],
    allowed: true,
  },
  {
    name: 'changing nothing',
    event: levels(MOD, {}),
    rule: ['9.10', '10.11'],
    allowed: true,
  },
  {
    name: "adding and removing levels within one's power",
    event: levels(ADMIN, {
      ...users({ [MOD]: 100, [USER]: -1 }),
      events: { 'org.example.locked': 101, 'm.room.topic': 100 },
      invite: 100,
    }),
    rule: ['9.10', '10.11'],
    allowed: true,
  },
  {
    name: 'a creator may set any level',
    event: levels(CREATOR, { events: { 'm.room.tombstone': 2 ** 53 - 1 } }),
    rule: ['', '10.11'],
    allowed: true,
    versions: ['12'],
  },
];
