import {
  ADMIN,
  BANNED,
  CO_CREATOR,
  CREATOR,
  INVITED,
  MOD,
  REMOTE,
  STRANGER,
  USER,
} from './world.ts';
import type { AuthCase } from './world.ts';

function message(sender: string, type = 'm.room.message'): AuthCase['event'] {
  return { type, sender, content: { body: 'x' } };
}

function state(sender: string, type: string, stateKey = ''): AuthCase['event'] {
  return { type, sender, state_key: stateKey, content: {} };
}

/** Everything about rooms without a create event, federation, and events that are no memberships. */
export const otherCases: readonly AuthCase[] = [
  {
    name: 'a room without a create event',
    event: message(USER),
    state: { 'm.room.create': null },
    rule: ['2.4', '2'],
    allowed: false,
  },
  {
    name: 'a room ID that is not the create event',
    event: { ...message(USER), room_id: `!${'A'.repeat(43)}` },
    rule: ['', '2'],
    allowed: false,
    versions: ['12'],
  },
  {
    name: 'a sender of another server in a room that does not federate',
    event: message(REMOTE),
    state: { 'm.room.create': { creator: CREATOR, 'm.federate': false } },
    rule: ['3', '4'],
    allowed: false,
  },
  {
    name: 'a local sender in a room that does not federate',
    event: message(USER),
    state: { 'm.room.create': { creator: CREATOR, 'm.federate': false } },
    rule: ['10', '11'],
    allowed: true,
  },
  ...[STRANGER, INVITED, BANNED].map((sender): AuthCase => ({
    name: `${sender} is not joined`,
    event: message(sender),
    rule: ['5', '6'],
    allowed: false,
  })),
  {
    name: 'a third-party invite by who may invite',
    event: state(MOD, 'm.room.third_party_invite', 'token'),
    rule: ['6.1', '7.1'],
    allowed: true,
  },
  {
    name: 'a third-party invite by who may not',
    event: state(USER, 'm.room.third_party_invite', 'token'),
    rule: ['6.1', '7.1'],
    allowed: false,
  },
  {
    name: 'a state event below the required level',
    event: state(USER, 'm.room.topic'),
    rule: ['7', '8'],
    allowed: false,
  },
  {
    name: 'a state event with a level of its own',
    event: state(MOD, 'm.room.name'),
    rule: ['7', '8'],
    allowed: false,
  },
  {
    name: 'a message with a level of its own',
    event: message(ADMIN, 'org.example.locked'),
    rule: ['7', '8'],
    allowed: false,
  },
  {
    name: 'a creator stands above every level',
    event: message(CO_CREATOR, 'org.example.locked'),
    rule: ['', '11'],
    allowed: true,
    versions: ['12'],
  },
  {
    name: 'the creator has 100 without power levels',
    event: state(CREATOR, 'm.room.topic'),
    state: { 'm.room.power_levels': null },
    rule: ['10', '11'],
    allowed: true,
  },
  {
    name: 'everyone else has 0 without power levels',
    event: state(USER, 'm.room.topic'),
    state: { 'm.room.power_levels': null },
    rule: ['7', '8'],
    allowed: false,
  },
  {
    name: "another user's state key",
    event: state(ADMIN, 'org.example', USER),
    rule: ['8', '9'],
    allowed: false,
  },
  {
    name: "the sender's own state key",
    event: state(ADMIN, 'org.example', ADMIN),
    rule: ['10', '11'],
    allowed: true,
  },
  {
    name: 'a message',
    event: message(USER),
    rule: ['10', '11'],
    allowed: true,
  },
  {
    name: 'a redaction is a message like any other',
    event: message(USER, 'm.room.redaction'),
    rule: ['10', '11'],
    allowed: true,
  },
  {
    name: 'aliases are state like any other',
    event: state(USER, 'm.room.aliases', 'example.org'),
    rule: ['7', '8'],
    allowed: false,
  },
];
