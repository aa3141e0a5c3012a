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

const uiAuth = object({
  sessionTimeoutMs: option({
    name: 'session_timeout',
    valueType: duration,
    default: 0,
    description: 'For how long one confirmation is enough.',
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
    uiAuth: option({
      name: 'ui_auth',
      valueType: uiAuth,
      default: {},
      description:
        'How often users confirm who they are, with the password for example, before they delete ' +
        'devices. Everything else that needs it is confirmed every time.',
      example: { session_timeout: '15s' },
      differs: 'Logging in does not count as a confirmation, and a restart forgets them.',
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
