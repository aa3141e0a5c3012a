import assert from 'node:assert/strict';
import { after } from 'node:test';

import { api, type Response } from '../harness/api.ts';
import {
  startOpenIdProvider,
  type OpenIdProvider,
  type OpenIdUser,
} from '../harness/openid-provider.ts';
import { SmallBrowser, type Visited } from '../harness/small-browser.ts';
import { v3 } from './requests.ts';

/** A client that is trusted, and one that nobody knows. */
export const trustedClient = 'https://chat.example.org/app?x=1#/home';
export const unknownClient = 'https://other.example.org/';

export const trusted = { client_whitelist: ['https://chat.example.org/'] };

/** The provider of a test file, until its tests are over. */
export async function openProvider(): Promise<OpenIdProvider> {
  const provider = await startOpenIdProvider();
  after(() => provider.close());
  return provider;
}

/** An entry of `oidc_providers` for a provider of the tests. */
export function providerEntry(
  { issuer, clientId, clientSecret }: Pick<OpenIdProvider, 'issuer' | 'clientId' | 'clientSecret'>,
  options: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return {
    idp_id: 'work',
    idp_name: 'Work',
    issuer,
    client_id: clientId,
    client_secret: clientSecret,
    scopes: ['openid', 'profile', 'email'],
    ...options,
  };
}

export function mapping(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { user_mapping_provider: { config } };
}

export function redirectAddress(server: string, redirectUrl: string, idpId?: string): string {
  const query = new URLSearchParams({ redirectUrl });
  const idp = idpId === undefined ? '' : `/${idpId}`;
  return `${server}${v3}/login/sso/redirect${idp}?${query.toString()}`;
}

/** Goes to the provider as a user, and back. */
export function signInAs(
  provider: OpenIdProvider,
  server: string,
  user: OpenIdUser | undefined,
  { redirectUrl = trustedClient, idpId = 'oidc-work', browser = new SmallBrowser() } = {},
): Promise<Visited> {
  provider.register(server);
  provider.user = user;
  return browser.get(redirectAddress(server, redirectUrl, idpId));
}

/** The token that a browser brought to the client. */
export function loginTokenIn({ url, body }: Pick<Visited, 'url' | 'body'>): string {
  const token = new URL(url).searchParams.get('loginToken');
  assert.ok(token !== null, `no token in ${url}: ${body}`);
  return token;
}

export function logInWith(server: string, token: string, extra: object = {}): Promise<Response> {
  return api(server).request('POST', `${v3}/login`, {
    body: { type: 'm.login.token', token, ...extra },
  });
}

/** Logs in with the token that a browser brought to the client. */
export function logInFrom(server: string, visited: Visited, extra: object = {}): Promise<Response> {
  return logInWith(server, loginTokenIn(visited), extra);
}
