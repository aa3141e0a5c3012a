import type { IncomingMessage, ServerResponse } from 'node:http';

import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { CryptoKey, JWK } from 'jose';

import { configFrom } from '../../config/parse-config.ts';
import { OutboundClient } from '../../outbound/outbound-client.ts';
import { serve } from '../../outbound/server-under-test.ts';
import type { PendingSignIn } from '../identity-provider.ts';
import { OidcProvider } from './oidc-provider.ts';

/** An OpenID Connect provider that a test plays, so that it can lie. */
export interface ProviderUnderTest {
  readonly issuer: string;
  readonly key: CryptoKey;
  /** Answers by path, in place of the honest ones. */
  readonly answers: Map<string, (response: ServerResponse, body: string) => void>;
  /** Forms that the token endpoint got, and the paths that were asked for. */
  readonly forms: URLSearchParams[];
  readonly asked: { readonly path: string; readonly authorization: string | undefined }[];
  /** What the next ID token says, over what an honest one would. */
  claims: IdClaims;
  metadata: Record<string, unknown>;
  idToken(claims: IdClaims, key?: CryptoKey | Uint8Array): Promise<string>;
  open(options?: Readonly<Record<string, unknown>>): OidcProvider;
  close(): Promise<void>;
}

type IdClaims = Readonly<Record<string, string | number | undefined>>;

export const pending: PendingSignIn = {
  providerId: 'oidc-work',
  goal: { kind: 'login', redirectUrl: 'https://chat.example.org/' },
  state: 'the-state',
  nonce: 'the-nonce',
  codeVerifier: undefined,
};

export const answer = new URLSearchParams({ state: 'the-state', code: 'a-code' });
export const kid = 'the-key';
export const clientSecret = 'a-secret-of-the-tests-that-is-long-enough';

export function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

export async function startProvider(): Promise<ProviderUnderTest> {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' };
  const port = await serve(
    (request, response) => void answerRequest(request, response),
    '127.0.0.1',
  );
  const issuer = `http://127.0.0.1:${port}`;
  const clients: OutboundClient[] = [];
  const played: ProviderUnderTest = {
    issuer,
    key: privateKey,
    answers: new Map(),
    forms: [],
    asked: [],
    claims: {},
    metadata: {},
    async idToken(claims, key = privateKey) {
      const alg = key instanceof Uint8Array ? 'HS256' : 'RS256';
      return new SignJWT({ sub: 'id', nonce: 'the-nonce', ...claims })
        .setProtectedHeader({ alg, kid })
        .setIssuer(String(claims['iss'] ?? issuer))
        .setAudience(String(claims['aud'] ?? 'soma'))
        .setIssuedAt()
        .setExpirationTime(typeof claims['exp'] === 'number' ? claims['exp'] : '5 minutes')
        .sign(key);
    },
    open(options = {}) {
      const http = new OutboundClient({
        addresses: { blacklist: [], whitelist: [] },
        userAgent: 'Soma',
        limits: { headersMs: 300, totalMs: 1_000, bodyBytesMax: 64 * 1024, redirectsMax: 0 },
      });
      clients.push(http);
      return new OidcProvider(configOf(issuer, options), http, 'https://soma.test/');
    },
    async close() {
      for (const client of clients) await client.close();
    },
  };
  const answerRequest = async (
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    const path = request.url ?? '';
    const body = await textOf(request);
    played.asked.push({ path, authorization: request.headers.authorization });
    const own = played.answers.get(path);
    if (own !== undefined) own(response, body);
    else if (path === '/.well-known/openid-configuration') {
      sendJson(response, { ...metadataOf(issuer), ...played.metadata });
    } else if (path === '/jwks') sendJson(response, { keys: [jwk] });
    else if (path === '/token') {
      played.forms.push(new URLSearchParams(body));
      const idToken = await played.idToken(played.claims);
      sendJson(response, { access_token: 'access', token_type: 'Bearer', id_token: idToken });
    } else response.writeHead(404).end();
  };
  return played;
}

function metadataOf(issuer: string): Record<string, unknown> {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    jwks_uri: `${issuer}/jwks`,
    id_token_signing_alg_values_supported: ['RS256'],
  };
}

function configOf(issuer: string, options: Readonly<Record<string, unknown>>) {
  const entry = { idp_id: 'work', issuer, client_id: 'soma', client_secret: clientSecret };
  const { config } = configFrom({
    server_name: 'soma.test',
    signing_key: 'ed25519 1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    registration_shared_secret: 'x',
    oidc_providers: [{ ...entry, ...options }],
  });
  const [provider] = config.singleSignOn.oidcProviders;
  if (provider === undefined) throw new Error('no provider');
  return provider;
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
