import type { ClientServices } from './client-server/services.ts';
import { baseUrlOf } from './config/base-url.ts';
import type { Config } from './config/config.ts';
import { somaVersion } from './config/soma-version.ts';
import { OutboundClient } from './outbound/outbound-client.ts';
import { CasProvider } from './sso/cas/cas-provider.ts';
import { fetchPicture } from './sso/fetch-picture.ts';
import type { IdentityProvider } from './sso/identity-provider.ts';
import { answerBytesMax, pictureBytesMax } from './sso/limits.ts';
import { OidcProvider } from './sso/oidc/oidc-provider.ts';
import { SignInSeal } from './sso/sign-in-seal.ts';
import { SignInSessions } from './sso/sign-in-sessions.ts';
import type { NewUser, SingleSignOn } from './sso/single-sign-on.ts';

export interface OpenedSingleSignOn {
  /** Undefined where the operator has named no provider. */
  readonly singleSignOn: SingleSignOn | undefined;
  close(): Promise<void>;
}

type Domain = Omit<ClientServices, 'singleSignOn'>;

/** How long a provider may take: somebody is waiting before a browser. */
const limits = {
  connectMs: 10_000,
  headersMs: 15_000,
  idleMs: 10_000,
  totalMs: 20_000,
  redirectsMax: 0,
};

export function openSingleSignOn(domain: Domain): OpenedSingleSignOn {
  const { config, accounts, logger } = domain;
  const { singleSignOn, outbound } = config;
  if (singleSignOn.oidcProviders.length === 0 && singleSignOn.cas === undefined) {
    return { singleSignOn: undefined, close: async () => {} };
  }
  const shared = { userAgent: `Soma/${somaVersion()}`, proxy: outbound.proxy };
  // The operator chooses the providers, which may well be inside the operator's network.
  const http = new OutboundClient({
    ...shared,
    addresses: { blacklist: [], whitelist: [] },
    limits: { ...limits, bodyBytesMax: answerBytesMax },
  });
  const { ipRangeBlacklist: blacklist, ipRangeWhitelist: whitelist } = outbound;
  const pictures = new OutboundClient({
    ...shared,
    addresses: { blacklist, whitelist },
    limits: { totalMs: limits.totalMs, bodyBytesMax: pictureBytesMax },
  });
  const baseUrl = baseUrlOf(config.server);
  const { now } = accounts;
  return {
    singleSignOn: {
      accounts,
      config: singleSignOn,
      logger,
      providers: new Map(providersOf(config, http, baseUrl).map((each) => [each.id, each])),
      seal: new SignInSeal(now),
      sessions: new SignInSessions(now),
      baseUrl,
      // The login page is ours.
      trustedClients: [`${baseUrl}_matrix/static/client/login`, ...singleSignOn.clientWhitelist],
      requiresConsent: config.consent.isRequiredAtRegistration,
      welcome: (user) => welcome(domain, user),
      fetchPicture: async (userNid, url) =>
        config.media.enabled
          ? fetchPicture({ media: domain.media, http: pictures, logger }, userNid, url)
          : undefined,
      propagateProfile: domain.propagateProfile,
    },
    close: async () => {
      await http.close();
      await pictures.close();
    },
  };
}

function providersOf(
  { singleSignOn }: Config,
  http: OutboundClient,
  baseUrl: string,
): IdentityProvider[] {
  const { oidcProviders, cas } = singleSignOn;
  return [
    ...oidcProviders.map((each) => new OidcProvider(each, http, baseUrl)),
    ...(cas === undefined ? [] : [new CasProvider(cas, http, baseUrl)]),
  ];
}

async function welcome(domain: Domain, { userId, userNid, email }: NewUser): Promise<void> {
  if (email !== undefined) await domain.notifyByMail(userNid, email);
  await domain.joinFirstRooms({ userId, isGuest: false });
}
