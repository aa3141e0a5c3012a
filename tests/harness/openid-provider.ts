import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import { Provider } from 'oidc-provider';

import { listenLocally } from './listen-locally.ts';
import type { SmallBrowser } from './small-browser.ts';

/** A user of the provider: an account ID with its claims. */
export interface OpenIdUser {
  readonly sub: string;
  readonly [claim: string]: unknown;
}

/** A real OpenID Connect provider on 127.0.0.1, which logs in whomever the test says. */
export interface OpenIdProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The server that logs its users in; several may. */
  register(homeserverUrl: string): void;
  /** Ends the session of a browser, and tells the server. */
  logOut(browser: SmallBrowser): Promise<void>;
  /** Whom the next browser is; undefined declines. */
  user: OpenIdUser | undefined;
  close(): Promise<void>;
}

const clientId = 'soma';
const clientSecret = 'a-secret-of-the-tests-that-is-long-enough';
const scope = 'openid profile email';
const claims = {
  openid: ['sub'],
  profile: ['name', 'preferred_username', 'groups', 'picture'],
  email: ['email', 'email_verified'],
};

export async function startOpenIdProvider(): Promise<OpenIdProvider> {
  const redirectUris = new Set<string>();
  const users = new Map<string, OpenIdUser>();
  let latest: string | undefined;
  let handle: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  const server = createServer((request, response) => {
    if (handle === undefined) response.writeHead(503).end();
    else handle(request, response);
  });
  const issuer = await listenLocally(server);
  const played: OpenIdProvider = {
    issuer,
    clientId,
    clientSecret,
    user: undefined,
    register(homeserverUrl) {
      const clientUrl = `${homeserverUrl}/_synapse/client/oidc`;
      if (latest === clientUrl) return;
      latest = clientUrl;
      redirectUris.add(`${clientUrl}/callback`);
      const provider = makeProvider(issuer, [...redirectUris], clientUrl, users);
      const callback = provider.callback();
      handle = (request, response) => {
        const isInteraction = request.url?.startsWith('/interaction/') === true;
        const answered = isInteraction
          ? interact(provider, request, response, played.user, users)
          : callback(request, response);
        answered.catch((error: unknown) => response.writeHead(500).end(String(error)));
      };
    },
    async logOut(browser) {
      const page = await browser.get(`${issuer}/session/end`);
      const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
      await browser.post(`${issuer}/session/end/confirm`, { xsrf, logout: 'yes' });
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return played;
}

/** In place of the pages on which somebody enters a password. */
async function interact(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
  user: OpenIdUser | undefined,
  users: Map<string, OpenIdUser>,
): Promise<void> {
  if (user === undefined) {
    const declined = { error: 'access_denied', error_description: 'declined <b>by the user</b>' };
    await provider.interactionFinished(request, response, declined);
    return;
  }
  users.set(user.sub, user);
  await provider.interactionFinished(request, response, { login: { accountId: user.sub } });
}

function makeProvider(
  issuer: string,
  redirectUris: readonly string[],
  clientUrl: string,
  users: ReadonlyMap<string, OpenIdUser>,
): Provider {
  const provider: Provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [...redirectUris],
        backchannel_logout_uri: `${clientUrl}/backchannel_logout`,
        backchannel_logout_session_required: true,
      },
    ],
    claims,
    // The claims are in the ID token, as many providers have it.
    conformIdTokenClaims: false,
    cookies: { keys: ['a-key-of-the-tests'] },
    // Its own would not connect to 127.0.0.1.
    fetch: (url: string, { dispatcher: _dispatcher, ...options }: RequestInit) =>
      fetch(url, options),
    features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: true } },
    interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    findAccount: (_context: unknown, accountId: string) => ({
      accountId,
      claims: () => ({ ...users.get(accountId), sub: accountId }),
    }),
    loadExistingGrant: async (context: {
      oidc: { session: { accountId: string }; client: { clientId: string } };
    }) => {
      const { session, client } = context.oidc;
      const grant = new provider.Grant({
        accountId: session.accountId,
        clientId: client.clientId,
      });
      grant.addOIDCScope(scope);
      await grant.save();
      return grant;
    },
  });
  return provider;
}
