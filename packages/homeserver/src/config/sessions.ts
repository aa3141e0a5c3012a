import { object } from './schema/compounds.ts';
import { option } from './schema/option.ts';
import { flag } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';
import { duration, lifetime } from './schema/units.ts';

export type SessionsConfig = SectionValue<typeof sessionsSection>;

const viaExistingSession = object({
  enabled: option({
    name: 'enabled',
    valueType: flag,
    default: false,
    description: 'Whether a client that is logged in may get a token that logs in another one.',
  }),
  requireUiAuth: option({
    name: 'require_ui_auth',
    valueType: flag,
    default: true,
    description: 'Whether the user must confirm it, with the password for example.',
  }),
  tokenTimeoutMs: option({
    name: 'token_timeout',
    valueType: duration,
    default: '5m',
    description: 'How long such a token is good.',
  }),
});

export const sessionsSection = section(
  'Sessions',
  {
    sessionLifetimeMs: option({
      name: 'session_lifetime',
      valueType: lifetime,
      default: 'infinity',
      description: 'After how long a user must log in again, whatever the client does.',
      example: '30d',
    }),
    refreshableAccessTokenLifetimeMs: option({
      name: 'refreshable_access_token_lifetime',
      valueType: lifetime,
      default: '5m',
      description: 'How long an access token is good that its client can refresh.',
    }),
    refreshTokenLifetimeMs: option({
      name: 'refresh_token_lifetime',
      valueType: lifetime,
      default: 'infinity',
      description: 'How long a refresh token is good: the longest pause of a session.',
    }),
    nonrefreshableAccessTokenLifetimeMs: option({
      name: 'nonrefreshable_access_token_lifetime',
      valueType: lifetime,
      default: 'infinity',
      description: 'How long an access token is good whose client does not refresh it.',
    }),
    viaExistingSession: option({
      name: 'login_via_existing_session',
      valueType: viaExistingSession,
      default: {},
      description: 'Logging in on another device from one that is logged in.',
      example: { enabled: true, token_timeout: '2m' },
    }),
  },
  (values) => values,
);
