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
    rule: 'auth-create',
    allowed: false,
  },
  {
    name: 'a room without a create event, which its ID names',
    event: message(USER),
    state: { 'm.room.create': null },
    rule: 'room-create',
    allowed: false,
  },
  {
    name: 'a room ID that is not the create event',
    event: { ...message(USER), room_id: `!${'A'.repeat(43)}` },
    rule: 'room-create',
    allowed: false,
    from: 12,
  },
  {
    name: 'a sender of another server in a room that does not federate',
    event: message(REMOTE),
    state: { 'm.room.create': { creator: CREATOR, 'm.federate': false } },
    rule: 'federate',
    allowed: false,
  },
  {
    name: 'a local sender in a room that does not federate',
    also: ['federate'],
    event: message(USER),
    state: { 'm.room.create': { creator: CREATOR, 'm.federate': false } },
    rule: 'otherwise',
    allowed: true,
  },
  ...[STRANGER, INVITED, BANNED].map((sender): AuthCase => ({
    name: `${sender} is not joined`,
    event: message(sender),
    rule: 'sender-joined',
    allowed: false,
  })),
  {
    name: 'a third-party invite by who may invite',
    event: state(MOD, 'm.room.third_party_invite', 'token'),
    rule: 'invite-event',
    allowed: true,
  },
  {
    name: 'a third-party invite by who may not',
    event: state(USER, 'm.room.third_party_invite', 'token'),
    rule: 'invite-event',
    allowed: false,
  },
  {
    name: 'a state event below the required level',
    event: state(USER, 'm.room.topic'),
    rule: 'event-level',
    allowed: false,
  },
  {
    name: 'a state event with a level of its own',
    event: state(MOD, 'm.room.name'),
    rule: 'event-level',
    allowed: false,
  },
  {
    name: 'a message with a level of its own',
    event: message(ADMIN, 'org.example.locked'),
    rule: 'event-level',
    allowed: false,
  },
  {
    name: 'a creator stands above every level',
    event: message(CO_CREATOR, 'org.example.locked'),
    rule: 'otherwise',
    allowed: true,
    from: 12,
  },
  {
    name: 'the creator has 100 without power levels',
    event: state(CREATOR, 'm.room.topic'),
    state: { 'm.room.power_levels': null },
    rule: 'otherwise',
    allowed: true,
  },
  {
    name: 'everyone else has 0 without power levels',
    event: state(USER, 'm.room.topic'),
    state: { 'm.room.power_levels': null },
    rule: 'event-level',
    allowed: false,
  },
  {
    name: "another user's state key",
    event: state(ADMIN, 'org.example', USER),
    rule: 'own-state-key',
    allowed: false,
  },
  {
    name: "the sender's own state key",
    event: state(ADMIN, 'org.example', ADMIN),
    rule: 'otherwise',
    allowed: true,
  },
  {
    name: 'a message',
    event: message(USER),
    rule: 'otherwise',
    allowed: true,
  },
  {
    name: 'a redaction is a message like any other',
    from: 3,
    event: message(USER, 'm.room.redaction'),
    rule: 'otherwise',
    allowed: true,
  },
  {
    name: 'aliases are state like any other',
    from: 6,
    event: state(USER, 'm.room.aliases', 'example.org'),
    rule: 'event-level',
    allowed: false,
  },
  {
    name: 'aliases without a state key',
    event: message(REMOTE, 'm.room.aliases'),
    rule: 'aliases-key',
    allowed: false,
  },
  {
    name: 'aliases of another server',
    event: state(REMOTE, 'm.room.aliases', 'example.org'),
    rule: 'aliases-domain',
    allowed: false,
  },
  {
    name: 'aliases of the own server, even by who has not joined',
    event: state(STRANGER, 'm.room.aliases', 'example.org'),
    rule: 'aliases-otherwise',
    allowed: true,
  },
  {
    name: 'a moderator redacts',
    event: { ...message(MOD, 'm.room.redaction'), redacts: '$b:other.org' },
    rule: 'redact-level',
    allowed: true,
  },
  {
    name: 'a user redacts an event of the own server',
    event: { ...message(USER, 'm.room.redaction'), redacts: '$b:example.org' },
    rule: 'redact-domain',
    allowed: true,
  },
  {
    name: 'a redaction that was redacted itself',
    event: { ...message(USER, 'm.room.redaction'), content: {} },
    rule: 'redact-domain',
    allowed: true,
  },
  {
    name: 'a user redacts an event of another server',
    event: { ...message(USER, 'm.room.redaction'), redacts: '$b:other.org' },
    rule: 'redact-otherwise',
    allowed: false,
  },
  {
    name: 'a redaction of nothing',
    event: message(USER, 'm.room.redaction'),
    rule: 'redact-otherwise',
    allowed: false,
  },
];
