import { createRemoteJWKSet, customFetch as joseFetch, jwtVerify, SignJWT } from 'jose';
import type { JWTHeaderParameters, JWTPayload, JWTVerifyGetKey, JWTVerifyOptions } from 'jose';
import * as client from 'openid-client';

import type { OidcProviderConfig } from '../../config/config.ts';
import type { ClientSecretKey } from '../../config/sso/client-secret-key.ts';
import type { PendingSignIn } from '../identity-provider.ts';
import type { OutboundFetch } from './outbound-fetch.ts';
import { readMetadata } from './read-metadata.ts';
import type { ProviderMetadata } from './read-metadata.ts';
import type { Claims } from './render-template.ts';

/** As Synapse: how far the clock of a provider may be off. */
const CLOCK_TOLERANCE_S = 120;

/** What a provider says of a user, and in which session. */
export interface OidcAnswer {
  readonly claims: Claims;
  readonly sessionId: string | undefined;
}

/** One provider, asked for its metadata: what the libraries need is loaded with this module alone. */
export interface RelyingParty {
  readonly usesPkce: boolean;
  /** Whether it can be asked for a new account (Initiating User Registration via OpenID Connect). */
  readonly offersRegistration: boolean;
  authorizationUrl(parameters: Readonly<Record<string, string>>): string;
  newCodeVerifier(): string;
  codeChallenge(codeVerifier: string): Promise<string>;
  /** Throws where the answer is not one to this sign-in, or the provider fails. */
  exchange(callback: URL, pending: PendingSignIn): Promise<OidcAnswer>;
  /** Whether an exchange failed because the provider itself has said no, e.g. because the user declined. */
  isRefusal(error: unknown): boolean;
  /** The content of a token that the provider has signed for this server. Throws for any other. */
  verify(token: string, options: JWTVerifyOptions): Promise<JWTPayload>;
}

export async function openRelyingParty(
  config: OidcProviderConfig,
  fetch: OutboundFetch,
): Promise<RelyingParty> {
  const metadata = await readMetadata(config, fetch);
  const configuration = configure(config, metadata, fetch, config.clientSecret);
  const keyOf = keysOf(config, metadata, fetch);
  const algorithms = metadata.id_token_signing_alg_values_supported ?? ['RS256'];
  const verify = async (token: string, options: JWTVerifyOptions): Promise<JWTPayload> =>
    (await jwtVerify(token, keyOf, { algorithms, clockTolerance: CLOCK_TOLERANCE_S, ...options }))
      .payload;
  return {
    usesPkce: usesPkce(config, metadata),
    offersRegistration: metadata.prompt_values_supported?.includes('create') === true,
    authorizationUrl: (parameters) => client.buildAuthorizationUrl(configuration, parameters).href,
    newCodeVerifier: client.randomPKCECodeVerifier,
    codeChallenge: client.calculatePKCECodeChallenge,
    isRefusal: (error) => error instanceof client.AuthorizationResponseError,
    verify: (token, options) =>
      verify(token, { issuer: metadata.issuer, audience: config.clientId, ...options }),
    async exchange(callback, pending) {
      const { clientSecretKey: key } = config;
      const signed = key === undefined ? undefined : await signClientSecret(key);
      const own = signed === undefined ? configuration : configure(config, metadata, fetch, signed);
      const parts = { config, configuration: own, verify: (token: string) => verify(token, {}) };
      return exchange(parts, callback, pending);
    },
  };
}

interface Exchange {
  readonly config: OidcProviderConfig;
  readonly configuration: client.Configuration;
  verify(token: string): Promise<JWTPayload>;
}

async function exchange(
  { config, configuration, verify }: Exchange,
  callback: URL,
  { state, nonce, codeVerifier }: PendingSignIn,
): Promise<OidcAnswer> {
  const isOpenId = config.scopes.includes('openid');
  const tokens = await client.authorizationCodeGrant(configuration, callback, {
    expectedState: state,
    ...(codeVerifier === undefined ? {} : { pkceCodeVerifier: codeVerifier }),
    ...(isOpenId ? { expectedNonce: nonce, idTokenExpected: true } : {}),
  });
  // The library has checked the content; the signature counts even where the connection is not to be trusted.
  const { id_token: idToken } = tokens;
  if (idToken !== undefined) await verify(idToken);
  const idClaims = tokens.claims();
  const sessionId = typeof idClaims?.['sid'] === 'string' ? idClaims['sid'] : undefined;
  if (isOpenId && config.userProfileMethod === 'auto') return { claims: idClaims ?? {}, sessionId };
  if (isOpenId && idClaims !== undefined) {
    const { access_token: accessToken } = tokens;
    const claims = await client.fetchUserInfo(configuration, accessToken, idClaims.sub);
    return { claims, sessionId };
  }
  return { claims: await fetchProfile(configuration, tokens.access_token), sessionId };
}

/** The claims of a provider that knows OAuth 2.0 alone: there is no subject that could be compared. */
async function fetchProfile(
  configuration: client.Configuration,
  accessToken: string,
): Promise<Claims> {
  const { userinfo_endpoint: endpoint } = configuration.serverMetadata();
  if (endpoint === undefined) throw new Error('the provider has no userinfo_endpoint');
  const headers = new Headers({ accept: 'application/json' });
  const url = new URL(endpoint);
  const args = [accessToken, url, 'GET', undefined, headers] as const;
  const answer = await client.fetchProtectedResource(configuration, ...args);
  const claims: unknown = answer.status === 200 ? await answer.json() : undefined;
  if (typeof claims !== 'object' || claims === null) {
    throw new Error(`the provider answered ${answer.status} in place of a profile`);
  }
  return { ...claims };
}

function configure(
  config: OidcProviderConfig,
  metadata: ProviderMetadata,
  fetch: OutboundFetch,
  clientSecret: string | undefined,
): client.Configuration {
  const { clientId, clientAuthMethod } = config;
  const authentication =
    clientSecret === undefined || clientAuthMethod === 'none'
      ? client.None()
      : clientAuthMethod === 'client_secret_post'
        ? client.ClientSecretPost(clientSecret)
        : client.ClientSecretBasic(clientSecret);
  const own = { [client.clockTolerance]: CLOCK_TOLERANCE_S };
  const configuration = new client.Configuration(metadata, clientId, own, authentication);
  configuration[client.customFetch] = fetch;
  // Where the operator has named an address without TLS, that is where to go.
  if (config.skipVerification || config.issuer.startsWith('http://')) {
    client.allowInsecureRequests(configuration);
  }
  return configuration;
}

/** A secret for the next hour. */
function signClientSecret({ key, alg, header, payload }: ClientSecretKey): Promise<string> {
  return new SignJWT({ ...payload })
    .setProtectedHeader({ ...header, alg })
    .setIssuedAt()
    .setExpirationTime('1 hour')
    .sign(key);
}

/** The keys of the provider or, for an HMAC, the secret that both know. */
function keysOf(
  { clientSecret }: OidcProviderConfig,
  metadata: ProviderMetadata,
  fetch: OutboundFetch,
): JWTVerifyGetKey {
  const { jwks_uri: uri } = metadata;
  const remote =
    uri === undefined
      ? undefined
      : createRemoteJWKSet(new URL(uri), {
          [joseFetch]: fetch,
        });
  return (header: JWTHeaderParameters, token) => {
    if (header.alg.startsWith('HS') && clientSecret !== undefined) return Buffer.from(clientSecret);
    if (remote === undefined) throw new Error('the provider has no jwks_uri');
    return remote(header, token);
  };
}

function usesPkce({ pkceMethod }: OidcProviderConfig, metadata: ProviderMetadata): boolean {
  const isOffered = metadata.code_challenge_methods_supported?.includes('S256') === true;
  return pkceMethod === 'always' || (pkceMethod === 'auto' && isOffered);
}
