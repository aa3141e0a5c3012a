import {
  ADMIN,
  BANNED,
  CO_CREATOR,
  CREATOR,
  INVITED,
  KNOCKING,
  LEFT,
  MOD,
  MOD2,
  STRANGER,
  USER,
} from './world.ts';
import type { AuthCase } from './world.ts';

function member(sender: string, membership: string, target = sender): AuthCase['event'] {
  return { type: 'm.room.member', sender, state_key: target, content: { membership } };
}

const KNOCK = { 'm.room.join_rules': { join_rule: 'knock' } };

/** Rules 4.1 and 4.4.2 to 4.8 (5.1 and 5.4.2 to 5.8 from version 12 on). */
export const membershipCases: readonly AuthCase[] = [
  {
    name: 'no state key',
    event: { type: 'm.room.member', sender: USER, content: { membership: 'join' } },
    rule: ['4.1', '5.1'],
    allowed: false,
  },
  {
    name: 'no membership',
    event: { type: 'm.room.member', sender: USER, state_key: USER, content: {} },
    rule: ['4.1', '5.1'],
    allowed: false,
  },
  {
    name: 'an unknown membership',
    event: member(USER, 'org.example'),
    rule: ['4.8', '5.8'],
    allowed: false,
  },
  {
    name: 'who is not joined invites',
    event: member(LEFT, 'invite', STRANGER),
    rule: ['4.4.2', '5.4.2'],
    allowed: false,
  },
  {
    name: 'inviting who is joined',
    event: member(ADMIN, 'invite', USER),
    rule: ['4.4.3', '5.4.3'],
    allowed: false,
  },
  {
    name: 'inviting who is banned',
    event: member(ADMIN, 'invite', BANNED),
    rule: ['4.4.3', '5.4.3'],
    allowed: false,
  },
  {
    name: 'a moderator invites',
    event: member(MOD, 'invite', STRANGER),
    rule: ['4.4.4', '5.4.4'],
    allowed: true,
  },
  {
    name: 'a user without the power invites',
    event: member(USER, 'invite', STRANGER),
    rule: ['4.4.5', '5.4.5'],
    allowed: false,
  },
  {
    name: 'the invite level is 0 by default',
    event: member(USER, 'invite', STRANGER),
    state: { 'm.room.power_levels': {} },
    rule: ['4.4.4', '5.4.4'],
    allowed: true,
  },
  ...['join', 'invite', 'knock'].map((membership): AuthCase => ({
    name: `leaving from ${membership}`,
    event: member(STRANGER, 'leave'),
    state: { [`m.room.member|${STRANGER}`]: { membership } },
    rule: ['4.5.1', '5.5.1'],
    allowed: true,
  })),
  {
    name: 'leaving without being there',
    event: member(STRANGER, 'leave'),
    rule: ['4.5.1', '5.5.1'],
    allowed: false,
  },
  {
    name: 'a banned user cannot lift the ban by leaving',
    event: member(BANNED, 'leave'),
    rule: ['4.5.1', '5.5.1'],
    allowed: false,
  },
  {
    name: 'who is not joined kicks',
    event: member(INVITED, 'leave', USER),
    rule: ['4.5.2', '5.5.2'],
    allowed: false,
  },
  {
    name: 'unbanning without the power to ban',
    event: member(MOD, 'leave', BANNED),
    state: { 'm.room.power_levels': { users: { [MOD]: 50 }, ban: 60, kick: 40 } },
    rule: ['4.5.3', '5.5.3'],
    allowed: false,
  },
  {
    name: 'a moderator unbans',
    event: member(MOD, 'leave', BANNED),
    rule: ['4.5.4', '5.5.4'],
    allowed: true,
  },
  {
    name: 'a moderator kicks a user',
    event: member(MOD, 'leave', USER),
    rule: ['4.5.4', '5.5.4'],
    allowed: true,
  },
  {
    name: 'a moderator kicks a moderator',
    event: member(MOD, 'leave', MOD2),
    rule: ['4.5.5', '5.5.5'],
    allowed: false,
  },
  {
    name: 'a user kicks',
    event: member(USER, 'leave', STRANGER),
    rule: ['4.5.5', '5.5.5'],
    allowed: false,
  },
  {
    name: 'an admin kicks the creator, who has no level up to version 11',
    event: member(ADMIN, 'leave', CREATOR),
    rule: ['4.5.4', ''],
    allowed: true,
    versions: ['10', '11'],
  },
  {
    name: 'nobody kicks a creator from version 12 on',
    event: member(ADMIN, 'leave', CO_CREATOR),
    rule: ['', '5.5.5'],
    allowed: false,
    versions: ['12'],
  },
  {
    name: 'not even another creator',
    event: member(CREATOR, 'leave', CO_CREATOR),
    rule: ['', '5.5.5'],
    allowed: false,
    versions: ['12'],
  },
  {
    name: 'a creator kicks an admin',
    event: member(CO_CREATOR, 'leave', ADMIN),
    rule: ['', '5.5.4'],
    allowed: true,
    versions: ['12'],
  },
  {
    name: 'who is not joined bans',
    event: member(LEFT, 'ban', USER),
    rule: ['4.6.1', '5.6.1'],
    allowed: false,
  },
  {
    name: 'a moderator bans a user',
    event: member(MOD, 'ban', USER),
    rule: ['4.6.2', '5.6.2'],
    allowed: true,
  },
  {
    name: 'a moderator bans a stranger',
    event: member(MOD, 'ban', STRANGER),
    rule: ['4.6.2', '5.6.2'],
    allowed: true,
  },
  {
    name: 'a moderator bans an admin',
    event: member(MOD, 'ban', ADMIN),
    rule: ['4.6.3', '5.6.3'],
    allowed: false,
  },
  {
    name: 'the ban level is 50 by default',
    event: member(USER, 'ban', STRANGER),
    state: { 'm.room.power_levels': { users: { [USER]: 49 } } },
    rule: ['4.6.3', '5.6.3'],
    allowed: false,
  },
  {
    name: 'knocking where it is not allowed',
    event: member(STRANGER, 'knock'),
    rule: ['4.7.1', '5.7.1'],
    allowed: false,
  },
  {
    name: 'knocking for someone else',
    event: member(ADMIN, 'knock', STRANGER),
    state: KNOCK,
    rule: ['4.7.2', '5.7.2'],
    allowed: false,
  },
  {
    name: 'a stranger knocks',
    event: member(STRANGER, 'knock'),
    state: KNOCK,
    rule: ['4.7.3', '5.7.3'],
    allowed: true,
  },
  {
    name: 'knocking again',
    event: member(KNOCKING, 'knock'),
    state: { 'm.room.join_rules': { join_rule: 'knock_restricted' } },
    rule: ['4.7.3', '5.7.3'],
    allowed: true,
  },
  ...[BANNED, INVITED, USER].map((user): AuthCase => ({
    name: `${user} cannot knock`,
    event: member(user, 'knock'),
    state: KNOCK,
    rule: ['4.7.4', '5.7.4'],
    allowed: false,
  })),
];
