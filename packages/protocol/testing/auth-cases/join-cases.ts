import { ADMIN, BANNED, CREATOR, INVITED, KNOCKING, LEFT, MOD, STRANGER, USER } from './world.ts';
import type { AuthCase } from './world.ts';

const CREATE_ID = '$Rqnc-F-dvnEYJTyHq_iKxU2bZ1CI92-kuZq3a5lr5Zg';
const PUBLIC = { 'm.room.join_rules': { join_rule: 'public' } };
const RESTRICTED = { 'm.room.join_rules': { join_rule: 'restricted' } };
const KNOCK_RESTRICTED = { 'm.room.join_rules': { join_rule: 'knock_restricted' } };

function join(sender: string, content = {}, target = sender): AuthCase['event'] {
  return {
    type: 'm.room.member',
    sender,
    state_key: target,
    content: { membership: 'join', ...content },
  };
}

/** Rule 4.2 and 4.3 (5.2 and 5.3 from version 12 on). */
export const joinCases: readonly AuthCase[] = [
  {
    name: 'the creator joins right after the create event',
    event: { ...join(CREATOR), prev_events: [CREATE_ID] },
    state: { [`m.room.member|${CREATOR}`]: null, 'm.room.join_rules': null },
    rule: ['4.3.1', '5.3.1'],
    allowed: true,
  },
  {
    name: 'another user cannot be first',
    event: { ...join(STRANGER), prev_events: [CREATE_ID] },
    state: { 'm.room.join_rules': null },
    rule: ['4.3.7', '5.3.7'],
    allowed: false,
  },
  {
    name: 'the creator is no longer first later',
    event: { ...join(CREATOR), prev_events: [CREATE_ID, '$x'] },
    state: { [`m.room.member|${CREATOR}`]: null },
    rule: ['4.3.7', '5.3.7'],
    allowed: false,
  },
  {
    name: 'in version 11 the sender of the create event is the creator, whatever its content says',
    event: { ...join(CREATOR), prev_events: [CREATE_ID] },
    state: {
      [`m.room.member|${CREATOR}`]: null,
      'm.room.create': { creator: STRANGER },
    },
    rule: ['4.3.1', '5.3.1'],
    allowed: true,
    versions: ['11', '12'],
  },
  {
    name: 'in version 10 the content says who the creator is',
    event: { ...join(CREATOR), prev_events: [CREATE_ID] },
    state: {
      [`m.room.member|${CREATOR}`]: null,
      'm.room.create': { creator: STRANGER },
    },
    rule: ['4.3.7', ''],
    allowed: false,
    versions: ['10'],
  },
  {
    name: 'joining for someone else',
    event: join(ADMIN, {}, STRANGER),
    state: PUBLIC,
    rule: ['4.3.2', '5.3.2'],
    allowed: false,
  },
  {
    name: 'a banned user joins a public room',
    event: join(BANNED),
    state: PUBLIC,
    rule: ['4.3.3', '5.3.3'],
    allowed: false,
  },
  {
    name: 'an invited user accepts',
    event: join(INVITED),
    rule: ['4.3.4', '5.3.4'],
    allowed: true,
  },
  {
    name: 'a joined user changes the profile',
    event: join(USER),
    rule: ['4.3.4', '5.3.4'],
    allowed: true,
  },
  {
    name: 'an invited user accepts where one may knock',
    event: join(INVITED),
    state: { 'm.room.join_rules': { join_rule: 'knock' } },
    rule: ['4.3.4', '5.3.4'],
    allowed: true,
  },
  {
    name: 'a room without a join rule is by invitation',
    event: join(STRANGER),
    state: { 'm.room.join_rules': null },
    rule: ['4.3.7', '5.3.7'],
    allowed: false,
  },
  {
    name: 'a stranger joins by invitation only',
    event: join(STRANGER),
    rule: ['4.3.7', '5.3.7'],
    allowed: false,
  },
  {
    name: 'a knocking user is not let in yet',
    event: join(KNOCKING),
    state: { 'm.room.join_rules': { join_rule: 'knock' } },
    rule: ['4.3.7', '5.3.7'],
    allowed: false,
  },
  {
    name: 'an unknown join rule lets nobody in',
    event: join(INVITED),
    state: { 'm.room.join_rules': { join_rule: 'org.example' } },
    rule: ['4.3.7', '5.3.7'],
    allowed: false,
  },
  {
    name: 'an invited user joins a restricted room',
    event: join(INVITED),
    state: RESTRICTED,
    rule: ['4.3.5.1', '5.3.5.1'],
    allowed: true,
  },
  {
    name: 'a stranger joins a restricted room without a voucher',
    event: join(STRANGER),
    state: RESTRICTED,
    rule: ['4.3.5.2', '5.3.5.2'],
    allowed: false,
  },
  {
    name: 'the voucher is not a member',
    event: join(STRANGER, { join_authorised_via_users_server: LEFT }),
    state: RESTRICTED,
    rule: ['4.3.5.2', '5.3.5.2'],
    allowed: false,
  },
  {
    name: 'the voucher may not invite',
    event: join(STRANGER, { join_authorised_via_users_server: USER }),
    state: RESTRICTED,
    rule: ['4.3.5.2', '5.3.5.2'],
    allowed: false,
  },
  {
    name: 'a moderator vouches',
    event: join(STRANGER, { join_authorised_via_users_server: MOD }),
    state: RESTRICTED,
    rule: ['4.3.5.3', '5.3.5.3'],
    allowed: true,
  },
  {
    name: 'a moderator vouches where one may also knock',
    event: join(STRANGER, { join_authorised_via_users_server: MOD }),
    state: KNOCK_RESTRICTED,
    rule: ['4.3.5.3', '5.3.5.3'],
    allowed: true,
  },
  {
    name: 'the voucher of a signed join',
    event: join(STRANGER, { join_authorised_via_users_server: MOD }),
    state: RESTRICTED,
    signedBy: ['example.org'],
    rule: ['4.3.5.3', '5.3.5.3'],
    allowed: true,
  },
  {
    name: 'the server of the voucher did not sign',
    event: join(STRANGER, { join_authorised_via_users_server: MOD }),
    state: RESTRICTED,
    signedBy: ['other.org'],
    rule: ['4.2.1', '5.2.1'],
    allowed: false,
  },
  {
    name: 'the voucher is no user ID',
    event: join(INVITED, { join_authorised_via_users_server: 'bob' }),
    rule: ['4.2.1', '5.2.1'],
    allowed: false,
  },
  {
    name: 'a stranger joins a public room',
    event: join(STRANGER),
    state: PUBLIC,
    rule: ['4.3.6', '5.3.6'],
    allowed: true,
  },
];
