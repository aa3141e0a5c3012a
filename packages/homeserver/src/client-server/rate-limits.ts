import type { LoginLimits } from '../accounts/log-in.ts';
import type { RatelimitingConfig } from '../config/config.ts';
import { RateLimiter } from '../http/rate-limit.ts';
import type { EndpointRateLimit, EndpointRateLimits, RateLimit } from '../http/rate-limit.ts';

/** Of questions whether a user name is free; Synapse has no option for it. */
const REGISTER_AVAILABLE: RateLimit = { perSecond: 1, burstCount: 10 };

/** Of previews; Synapse has no option for it. A room with many links asks for all of them at once. */
const PREVIEW_URL: RateLimit = { perSecond: 5, burstCount: 100 };
/** As Synapse: one in a minute, after a few. */
const LOGIN_GET_TOKEN: RateLimit = { perSecond: 1 / 60, burstCount: 5 };

/** The rates by Synapse's names of them. */
function ratesOf(config: RatelimitingConfig) {
  return {
    rc_message: config.message,
    rc_registration: config.registration,
    rc_registration_token_validity: config.registrationTokenValidity,
    'rc_login.address': config.login.address,
    'rc_login.account': config.login.account,
    'rc_login.failed_attempts': config.login.failedAttempts,
    rc_admin_redaction: config.adminRedaction ?? config.message,
    'rc_joins.local': config.joins.local,
    'rc_joins.remote': config.joins.remote,
    rc_joins_per_room: config.joinsPerRoom,
    'rc_invites.per_room': config.invites.perRoom,
    'rc_invites.per_user': config.invites.perUser,
    'rc_invites.per_issuer': config.invites.perIssuer,
    rc_third_party_invite: config.thirdPartyInvite,
    rc_3pid_validation: config.thirdPartyValidation,
    rc_room_creation: config.roomCreation,
    rc_reports: config.reports,
    rc_media_create: config.mediaCreate,
    rc_key_requests: config.keyRequests,
    rc_user_directory: config.userDirectory,
    rc_delayed_event_mgmt: config.delayedEvents,
    'rc_presence.per_user': config.presence.perUser,
    register_available: REGISTER_AVAILABLE,
    preview_url: PREVIEW_URL,
    login_get_token: LOGIN_GET_TOKEN,
  };
}

export type RateLimitName = keyof ReturnType<typeof ratesOf>;

/** One limiter for each name; requests, domain and interactive authentication share them. */
export type RateLimiters = Readonly<Record<RateLimitName, RateLimiter>>;

/** Those that count before anybody is known. */
const keyedByAddress: ReadonlySet<string> = new Set<RateLimitName>([
  'rc_registration',
  'rc_registration_token_validity',
  'rc_login.address',
  'rc_delayed_event_mgmt',
  'register_available',
]);

export function openRateLimiters(config: RatelimitingConfig, now: () => number): RateLimiters {
  const limiters = Object.entries(ratesOf(config)).map(
    ([name, rate]) => [name, new RateLimiter(rate, { now })] as const,
  );
  // Every name of the table has the limiter that was made of its rate.
  return Object.fromEntries(limiters) as RateLimiters;
}

/** The same limiters as endpoints name them. */
export function endpointRateLimits(limiters: RateLimiters): EndpointRateLimits {
  return Object.fromEntries(
    Object.entries(limiters).map(([name, limiter]): [string, EndpointRateLimit] => [
      name,
      { limiter, keyedBy: keyedByAddress.has(name) ? 'address' : 'user' },
    ]),
  );
}

/** The limits on one account's logins, counted when Synapse counts them. */
export function loginLimits(limiters: RateLimiters): LoginLimits {
  const failedAttempts = limiters['rc_login.failed_attempts'];
  return {
    beforeAttempt: (userId) => failedAttempts.check(userId, undefined, { counts: false }),
    afterFailure: (userId) => void failedAttempts.tryAction(userId),
    beforeSession: (userId) => limiters['rc_login.account'].check(userId),
  };
}
