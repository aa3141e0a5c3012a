import {
  ADMIN,
  BANNED,
  CREATE_ID,
  CREATOR,
  INVITED,
  KNOCKING,
  LEFT,
  MOD,
  STRANGER,
  USER,
} from './world.ts';
import type { AuthCase } from './world.ts';

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

/** The rules for a membership of `join`, and for `join_authorised_via_users_server`. */
export const joinCases: readonly AuthCase[] = [
  {
    name: 'the creator joins right after the create event',
    event: { ...join(CREATOR), prev_events: [CREATE_ID] },
    state: { [`m.room.member|${CREATOR}`]: null, 'm.room.join_rules': null },
    rule: 'join-first',
    allowed: true,
  },
  {
    name: 'another user cannot be first',
    event: { ...join(STRANGER), prev_events: [CREATE_ID] },
    state: { 'm.room.join_rules': null },
    rule: 'join-otherwise',
    allowed: false,
  },
  {
    name: 'the creator is no longer first later',
    event: { ...join(CREATOR), prev_events: [CREATE_ID, '$x'] },
    state: { [`m.room.member|${CREATOR}`]: null },
    rule: 'join-otherwise',
    allowed: false,
  },
  {
    name: 'in version 11 the sender of the create event is the creator, whatever its content says',
    event: { ...join(CREATOR), prev_events: [CREATE_ID] },
    state: {
      [`m.room.member|${CREATOR}`]: null,
      'm.room.create': { creator: STRANGER },
    },
    rule: 'join-first',
    allowed: true,
    from: 11,
  },
  {
    name: 'in version 10 the content says who the creator is',
    event: { ...join(CREATOR), prev_events: [CREATE_ID] },
    state: {
      [`m.room.member|${CREATOR}`]: null,
      'm.room.create': { creator: STRANGER },
    },
    rule: 'join-otherwise',
    allowed: false,
    to: 10,
  },
  {
    name: 'joining for someone else',
    event: join(ADMIN, {}, STRANGER),
    state: PUBLIC,
    rule: 'join-sender',
    allowed: false,
  },
  {
    name: 'a banned user joins a public room',
    event: join(BANNED),
    state: PUBLIC,
    rule: 'join-banned',
    allowed: false,
  },
  {
    name: 'an invited user accepts',
    event: join(INVITED),
    rule: 'join-invited',
    allowed: true,
  },
  {
    name: 'a joined user changes the profile',
    event: join(USER),
    rule: 'join-invited',
    allowed: true,
  },
  {
    name: 'an invited user accepts where one may knock',
    from: 7,
    event: join(INVITED),
    state: { 'm.room.join_rules': { join_rule: 'knock' } },
    rule: 'join-invited',
    allowed: true,
  },
  {
    name: 'a room without a join rule is by invitation',
    event: join(STRANGER),
    state: { 'm.room.join_rules': null },
    rule: 'join-otherwise',
    allowed: false,
  },
  {
    name: 'a stranger joins by invitation only',
    event: join(STRANGER),
    rule: 'join-otherwise',
    allowed: false,
  },
  {
    name: 'a knocking user is not let in yet',
    from: 7,
    event: join(KNOCKING),
    state: { 'm.room.join_rules': { join_rule: 'knock' } },
    rule: 'join-otherwise',
    allowed: false,
  },
  {
    name: 'an unknown join rule lets nobody in',
    event: join(INVITED),
    state: { 'm.room.join_rules': { join_rule: 'org.example' } },
    rule: 'join-otherwise',
    allowed: false,
  },
  {
    name: 'an invited user joins a restricted room',
    from: 8,
    event: join(INVITED),
    state: RESTRICTED,
    rule: 'restricted-invited',
    allowed: true,
  },
  {
    name: 'a stranger joins a restricted room without a voucher',
    event: join(STRANGER),
    state: RESTRICTED,
    rule: 'restricted-authorised',
    allowed: false,
  },
  {
    name: 'the voucher is not a member',
    event: join(STRANGER, { join_authorised_via_users_server: LEFT }),
    state: RESTRICTED,
    rule: 'restricted-authorised',
    allowed: false,
  },
  {
    name: 'the voucher may not invite',
    event: join(STRANGER, { join_authorised_via_users_server: USER }),
    state: RESTRICTED,
    rule: 'restricted-authorised',
    allowed: false,
  },
  {
    name: 'a moderator vouches',
    event: join(STRANGER, { join_authorised_via_users_server: MOD }),
    state: RESTRICTED,
    rule: 'restricted-otherwise',
    allowed: true,
  },
  {
    name: 'a moderator vouches where one may also knock',
    from: 10,
    event: join(STRANGER, { join_authorised_via_users_server: MOD }),
    state: KNOCK_RESTRICTED,
    rule: 'restricted-otherwise',
    allowed: true,
  },
  {
    name: 'the voucher of a signed join',
    also: ['member-signed'],
    event: join(STRANGER, { join_authorised_via_users_server: MOD }),
    state: RESTRICTED,
    signedBy: ['example.org'],
    rule: 'restricted-otherwise',
    allowed: true,
  },
  {
    name: 'the server of the voucher did not sign',
    event: join(STRANGER, { join_authorised_via_users_server: MOD }),
    state: RESTRICTED,
    signedBy: ['other.org'],
    rule: 'member-signed',
    allowed: false,
  },
  {
    name: 'the voucher is no user ID',
    event: join(INVITED, { join_authorised_via_users_server: 'bob' }),
    rule: 'member-signed',
    allowed: false,
  },
  ...(
    [
      ['knock', 6],
      ['restricted', 7],
      ['knock_restricted', 9],
    ] as const
  ).map(([rule, to]): AuthCase => ({
    name: `up to version ${to} nobody joins where the join rule is ${rule}`,
    event: join(INVITED),
    state: { 'm.room.join_rules': { join_rule: rule } },
    rule: 'join-otherwise',
    allowed: false,
    to,
  })),
  {
    name: 'before restricted rooms a voucher means nothing',
    event: join(INVITED, { join_authorised_via_users_server: 'bob' }),
    rule: 'join-invited',
    allowed: true,
    to: 7,
  },
  {
    name: 'a stranger joins a public room',
    event: join(STRANGER),
    state: PUBLIC,
    rule: 'join-public',
    allowed: true,
  },
];
