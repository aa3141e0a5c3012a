import { openAccountsUnderTest } from '../accounts/accounts-under-test.ts';
import type { AccountsUnderTest } from '../accounts/accounts-under-test.ts';
import { registerAccount } from '../accounts/register-account.ts';
import { resolveToken } from '../accounts/resolve-token.ts';
import { IdentityServers } from '../accounts/three-pids/identity-servers.ts';
import { ApplicationServices } from '../appservices/application-services.ts';
import { notFound } from '../errors/matrix-error.ts';
import { mount } from '../http/endpoint.ts';
import type { MountedEndpoint } from '../http/endpoint.ts';
import { listen } from '../http/listen.ts';
import { OutboundClient } from '../outbound/outbound-client.ts';
import { createLogger } from '../telemetry/logger.ts';
import { accountEndpoints } from './account-endpoints.ts';
import { openInteractiveAuth } from './open-interactive-auth.ts';
import { endpointRateLimits, openRateLimiters } from './rate-limits.ts';

/** The endpoints about accounts behind a real listener, for the tests of the edges. */
export interface AccountEdgeUnderTest extends AccountsUnderTest {
  readonly url: string;
  /** Whose profile was to be sent into rooms, in order. */
  readonly propagated: string[];
  /** Makes an account and logs it in; without a password, which would cost a hash, unless one is given. */
  logInNewUser(localpart: string, password?: string): Promise<UserUnderTest>;
}

export interface UserUnderTest {
  readonly userId: string;
  readonly token: string;
  readonly deviceId: string;
}

const generous = { per_second: 1000, burst_count: 1000 };

/** Limits that no test reaches by accident. */
const relaxed = {
  rc_registration: generous,
  rc_login: { address: generous, account: generous, failed_attempts: generous },
};

export async function startAccountEdge(
  databaseSection: object,
  options: Readonly<Record<string, unknown>> = {},
  others: (opened: AccountsUnderTest) => readonly MountedEndpoint[] = () => [],
): Promise<AccountEdgeUnderTest> {
  const opened = await openAccountsUnderTest(databaseSection, { ...relaxed, ...options });
  const { accounts, config } = opened;
  const rateLimits = openRateLimiters(config.ratelimiting, accounts.now);
  const propagated: string[] = [];
  const { logger } = createLogger({ level: 'silent' });
  const http = new OutboundClient({
    addresses: { blacklist: ['0.0.0.0/0', '::/0'], whitelist: [] },
    userAgent: 'Soma',
  });
  const { keyId, sign } = config.signingKeys.current;
  const signer = { serverName: accounts.serverName, keyId, sign };
  const services = {
    config,
    accounts,
    applicationServices: new ApplicationServices(config),
    rateLimits,
    logger,
    threePids: {
      accounts,
      config: config.threePids,
      mailer: undefined,
      baseUrl: 'https://example.org/',
      identityServers: new IdentityServers(http, signer),
      forgetAddress: () => [],
    },
    singleSignOn: undefined,
    notifyByMail: async () => {},
    interactiveAuth: openInteractiveAuth(accounts, config, rateLimits),
    checkAvatar: async () => {},
    propagateProfile: async (userId: string) => void propagated.push(userId),
    joinFirstRooms: async () => {},
    queryRemoteProfile: async () => {
      throw notFound('No such profile');
    },
    bringUser: async () => {},
    departUser: async () => {},
  };
  const edge = await listen(
    [{ port: 0, bindAddresses: ['127.0.0.1'], xForwarded: true, resources: ['client'] }],
    {
      endpoints: [...mount(accountEndpoints, services), ...others(opened)],
      resolveToken: (token, use) => resolveToken(accounts, token, use),
      rateLimits: endpointRateLimits(rateLimits),
      logger,
    },
  );
  const close = async (): Promise<void> => {
    await edge.close(1_000);
    await http.close();
    await opened.close();
  };
  const logInNewUser = async (username: string, password?: string): Promise<UserUnderTest> => {
    const session = { deviceId: undefined, deviceDisplayName: undefined };
    const made = await registerAccount(accounts, { username, password, session });
    const { accessToken: token = '', deviceId = '' } = made.session ?? {};
    return { userId: made.userId, token, deviceId };
  };
  const url = `http://127.0.0.1:${edge.addresses[0]?.port ?? 0}`;
  return { ...opened, url, propagated, logInNewUser, close };
}
