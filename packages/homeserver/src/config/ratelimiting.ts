import { object } from './schema/compounds.ts';
import { option } from './schema/option.ts';
import { integer, number } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';
import type { Option, ValueType } from './schema/value-type.ts';

export type RatelimitingConfig = SectionValue<typeof ratelimitingSection>;

/** A leaky bucket: `burstCount` at once, refilled with `perSecond`. */
export interface RateLimit {
  readonly perSecond: number;
  readonly burstCount: number;
}

function rate(perSecond: number, burstCount: number): ValueType<RateLimit> {
  return object({
    perSecond: option({
      name: 'per_second',
      valueType: number(0),
      default: perSecond,
      description: 'How many are allowed per second, on average.',
    }),
    burstCount: option({
      name: 'burst_count',
      valueType: number(0),
      default: burstCount,
      description: 'How many are allowed at once, before the average counts.',
    }),
  });
}

function limit(
  name: string,
  perSecond: number,
  burstCount: number,
  description: string,
): Option<RateLimit> {
  return option({
    name,
    valueType: rate(perSecond, burstCount),
    default: { per_second: perSecond, burst_count: burstCount },
    description,
  });
}

const login = object({
  address: limit('address', 0.003, 5, 'Logins from one address.'),
  account: limit('account', 0.003, 5, 'Logins to one account.'),
  failedAttempts: limit('failed_attempts', 0.17, 3, 'Failed logins to one account.'),
});

const joins = object({
  local: limit('local', 0.1, 10, 'Joins of one user to rooms that the server is in.'),
  remote: limit('remote', 0.01, 10, 'Joins of one user to rooms that the server is not in yet.'),
});

const invites = object({
  perRoom: limit('per_room', 0.3, 10, 'Invites to one room.'),
  perUser: limit('per_user', 0.003, 5, 'Invites to one user.'),
  perIssuer: limit('per_issuer', 0.3, 10, 'Invites by one user.'),
});

const presence = object({
  perUser: limit('per_user', 0.1, 1, 'Changes of presence by one user.'),
});

function count(name: string, value: number, description: string, min = 0): Option<number> {
  return option({ name, valueType: integer(min), default: value, description });
}

const federation = object({
  windowMs: count(
    'window_size',
    1000,
    'The time within which requests are counted, in milliseconds.',
    1,
  ),
  sleepLimit: count(
    'sleep_limit',
    10,
    'Requests of one server within that time that are answered at once.',
  ),
  sleepMs: count('sleep_delay', 500, 'By how much each further one is delayed, in milliseconds.'),
  rejectLimit: count('reject_limit', 50, 'Requests of one server that may wait; more are refused.'),
  concurrent: count('concurrent', 3, 'Requests of one server that are worked on at once.', 1),
});

export const ratelimitingSection = section(
  'Rate limits',
  {
    message: limit('rc_message', 0.2, 10, 'Events sent by one user.'),
    registration: limit('rc_registration', 0.17, 3, 'Registrations from one address.'),
    registrationTokenValidity: limit(
      'rc_registration_token_validity',
      0.1,
      5,
      'Questions from one address whether a registration token is valid.',
    ),
    login: option({
      name: 'rc_login',
      valueType: login,
      default: {},
      description: 'Logins.',
      example: { address: { per_second: 0.15, burst_count: 5 } },
    }),
    adminRedaction: option({
      name: 'rc_admin_redaction',
      valueType: rate(0.2, 10),
      description: 'Redactions by moderators, apart from `rc_message`, which counts otherwise.',
      example: { per_second: 1, burst_count: 50 },
    }),
    joins: option({
      name: 'rc_joins',
      valueType: joins,
      default: {},
      description: 'Joins by one user.',
      example: { local: { per_second: 0.2, burst_count: 15 } },
    }),
    joinsPerRoom: limit('rc_joins_per_room', 1, 10, 'Joins to one room.'),
    invites: option({
      name: 'rc_invites',
      valueType: invites,
      default: {},
      description: 'Invites.',
      example: { per_room: { per_second: 0.5, burst_count: 5 } },
    }),
    roomCreation: limit('rc_room_creation', 0.016, 10, 'Rooms made by one user.'),
    reports: limit('rc_reports', 1, 5, 'Reports by one user.'),
    thirdPartyInvite: limit('rc_third_party_invite', 0.2, 10, 'Invites by mail or phone.'),
    thirdPartyValidation: limit(
      'rc_3pid_validation',
      0.003,
      5,
      'Mails that one address asks for, and to one.',
    ),
    mediaCreate: limit('rc_media_create', 10, 50, 'Media ids reserved by one user.'),
    delayedEvents: limit(
      'rc_delayed_event_mgmt',
      1,
      5,
      'Changes of delayed events, by one address.',
    ),
    keyRequests: limit(
      'rc_key_requests',
      20,
      100,
      'Requests for room keys by one device. What is beyond it is not delivered.',
    ),
    userDirectory: limit('rc_user_directory', 0.016, 200, 'Searches for users by one user.'),
    federation: option({
      name: 'rc_federation',
      valueType: federation,
      default: {},
      description: 'Requests of one other server.',
      example: {
        window_size: 750,
        sleep_limit: 15,
        sleep_delay: 400,
        reject_limit: 40,
        concurrent: 5,
      },
    }),
    presence: option({
      name: 'rc_presence',
      valueType: presence,
      default: {},
      description: 'Changes of presence.',
    }),
  },
  (values) => values,
);
