import assert from 'node:assert/strict';
import { after, afterEach, test } from 'node:test';

import { exportPKCS8, generateKeyPair, jwtVerify } from 'jose';

import { SignInRefused } from '../sign-in-refused.ts';
import type { OidcProvider } from './oidc-provider.ts';
import { answer, clientSecret, pending, sendJson, startProvider } from './provider-under-test.ts';

const played = await startProvider();
after(() => played.close());
afterEach(() => {
  played.claims = {};
  played.metadata = {};
  played.answers.clear();
  played.forms.length = 0;
  played.asked.length = 0;
});

const wish = {
  state: 'the-state',
  nonce: 'the-nonce',
  wantsRegistration: false,
  parameter: (name: string) => (name === 'login_hint' ? 'anna' : undefined),
};

const tokenAnswer = (idToken: string) => ({
  access_token: 'access',
  token_type: 'Bearer',
  id_token: idToken,
});

/** Why a sign-in is refused. */
async function refusalOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return 'none';
  } catch (error) {
    if (!(error instanceof SignInRefused)) throw error;
    return error.reason;
  }
}

const finish = (provider: OidcProvider) => provider.finish(pending, answer);

test('the browser is sent with all that the provider must bring back', async () => {
  const provider = played.open({
    scopes: ['openid', 'profile'],
    additional_authorization_parameters: { acr_values: '2fa', state: 'forged' },
    passthrough_authorization_parameters: ['login_hint', 'other'],
  });
  const { location, codeVerifier } = await provider.begin(wish);
  const url = new URL(location);
  assert.equal(url.origin + url.pathname, `${played.issuer}/authorize`);
  assert.deepEqual(Object.fromEntries(url.searchParams), {
    acr_values: '2fa',
    login_hint: 'anna',
    redirect_uri: 'https://soma.test/_synapse/client/oidc/callback',
    scope: 'openid profile',
    state: 'the-state',
    nonce: 'the-nonce',
    client_id: 'soma',
    response_type: 'code',
  });
  assert.equal(codeVerifier, undefined);
});

test('PKCE is used where the provider has it, or the operator says so', async () => {
  const without = await played.open({ pkce_method: 'always' }).begin(wish);
  assert.match(without.location, /code_challenge_method=S256/);
  played.metadata = { code_challenge_methods_supported: ['plain', 'S256'] };
  const { location, codeVerifier } = await played.open().begin(wish);
  assert.match(location, /code_challenge=[\w-]{43}(?:&|$)/);
  assert.match(codeVerifier ?? '', /^[\w-]{43}$/);
  const never = await played.open({ pkce_method: 'never' }).begin(wish);
  assert.doesNotMatch(never.location, /code_challenge/);
  await played.open().finish({ ...pending, codeVerifier: 'x'.repeat(43) }, answer);
  assert.equal(played.forms[0]?.get('code_verifier'), 'x'.repeat(43));
});

test('a new account is asked for where the provider knows that', async () => {
  played.metadata = { prompt_values_supported: ['create'] };
  const provider = played.open();
  const wanted = await provider.begin({ ...wish, wantsRegistration: true });
  assert.equal(new URL(wanted.location).searchParams.get('prompt'), 'create');
  const login = await provider.begin(wish);
  assert.equal(new URL(login.location).searchParams.get('prompt'), null);
});

test('an ID token says who it is', async () => {
  played.claims = { sub: 'anna', sid: 'a-session', picture: 'https://example.org/a.png' };
  const user = await finish(played.open());
  assert.deepEqual(
    [user.externalId, user.providerSessionId, user.pictureUrl, user.localpart],
    ['anna', 'a-session', 'https://example.org/a.png', undefined],
  );
  const [form] = played.forms;
  assert.equal(form?.get('code'), 'a-code');
  assert.equal(form?.get('redirect_uri'), 'https://soma.test/_synapse/client/oidc/callback');
});

test('the secret is shown in the way that the operator names', async () => {
  const authorizationOf = () => played.asked.find(({ path }) => path === '/token')?.authorization;
  await finish(played.open());
  assert.match(authorizationOf() ?? '', /^Basic /);
  played.asked.length = 0;
  await finish(played.open({ client_auth_method: 'client_secret_post' }));
  assert.equal(authorizationOf(), undefined);
  assert.equal(played.forms[1]?.get('client_secret'), clientSecret);
  await finish(played.open({ client_secret: undefined }));
  assert.equal(played.forms[2]?.get('client_secret'), null);
  assert.equal(played.forms[2]?.get('client_id'), 'soma');
});

test('a secret may be made anew each time, by a key', async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const provider = played.open({
    client_secret: undefined,
    client_secret_jwt_key: {
      key: await exportPKCS8(privateKey),
      jwt_header: { alg: 'ES256', kid: 'A1' },
      jwt_payload: { iss: 'TEAM' },
    },
    client_auth_method: 'client_secret_post',
  });
  await finish(provider);
  const secret = played.forms[0]?.get('client_secret') ?? '';
  const { payload, protectedHeader } = await jwtVerify(secret, publicKey);
  assert.deepEqual(protectedHeader, { alg: 'ES256', kid: 'A1' });
  assert.equal(payload.iss, 'TEAM');
  assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 3600);
});

test('an ID token that is not for this sign-in is refused', async () => {
  const inThePast = Math.floor(Date.now() / 1000) - 600;
  for (const claims of [
    { nonce: 'another' },
    { nonce: undefined },
    { aud: 'somebody-else' },
    { iss: 'https://evil.example.org' },
    { exp: inThePast },
    { sub: undefined },
  ]) {
    played.claims = claims;
    assert.equal(await refusalOf(finish(played.open())), 'provider-failed', JSON.stringify(claims));
  }
});

test('an ID token that the provider has not signed is refused', async () => {
  const other = await generateKeyPair('RS256');
  const sound = await played.idToken({});
  const [header = '', payload = ''] = sound.split('.');
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  for (const token of [
    await played.idToken({}, other.privateKey),
    `${header}.${encode({ ...JSON.parse(Buffer.from(payload, 'base64url').toString()), sub: 'x' })}.${sound.split('.')[2] ?? ''}`,
    `${encode({ alg: 'none' })}.${payload}.`,
    // The provider does not say that it does so.
    await played.idToken({}, Buffer.from(clientSecret)),
    'no token',
  ]) {
    played.answers.set('/token', (response) => sendJson(response, tokenAnswer(token)));
    assert.equal(await refusalOf(finish(played.open())), 'provider-failed', token);
  }
});

test('an ID token may be signed with the secret, where the provider does that', async () => {
  played.metadata = { id_token_signing_alg_values_supported: ['HS256'] };
  const signed = async (secret: string) => {
    const token = await played.idToken({}, Buffer.from(secret));
    played.answers.set('/token', (response) => sendJson(response, tokenAnswer(token)));
  };
  await signed(clientSecret);
  assert.equal((await finish(played.open())).externalId, 'id');
  await signed('another-secret-that-is-long-enough-for-it');
  assert.equal(await refusalOf(finish(played.open())), 'provider-failed');
});

test('another state, an error, and an answer without a code are refused', async () => {
  const provider = played.open();
  const finishWith = (query: Readonly<Record<string, string>>) =>
    refusalOf(provider.finish(pending, new URLSearchParams(query)));
  assert.equal(await finishWith({ state: 'another', code: 'a-code' }), 'provider-failed');
  assert.equal(await finishWith({ state: 'the-state' }), 'provider-failed');
  assert.equal(
    await finishWith({ state: 'the-state', error: 'access_denied' }),
    'provider-refused',
  );
  assert.equal(played.forms.length, 0);
});

test('a provider that is slow, huge, elsewhere or broken fails, and is asked again later', async () => {
  const path = '/.well-known/openid-configuration';
  const provider = played.open();
  const begin = () => refusalOf(provider.begin(wish));
  played.answers.set(path, () => {});
  assert.equal(await begin(), 'provider-failed');
  played.answers.set(path, (response) => void response.end(' '.repeat(1024 * 1024)));
  assert.equal(await begin(), 'provider-failed');
  played.answers.set(
    path,
    (response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
  );
  assert.equal(await begin(), 'provider-failed');
  for (const document of [
    [],
    { issuer: 'https://evil.example.org' },
    { issuer: 7 },
    { issuer: played.issuer, token_endpoint: 'nowhere' },
    { issuer: played.issuer, id_token_signing_alg_values_supported: 'RS256' },
  ]) {
    played.answers.set(path, (response) => sendJson(response, document));
    assert.equal(await begin(), 'provider-failed', JSON.stringify(document));
  }
  played.answers.delete(path);
  assert.equal(await begin(), 'none');
});

test('a token endpoint that is slow or huge fails', async () => {
  const provider = played.open();
  played.answers.set('/token', () => {});
  assert.equal(await refusalOf(finish(provider)), 'provider-failed');
  played.answers.set('/token', (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(`{"access_token":"${'a'.repeat(1024 * 1024)}"}`);
  });
  assert.equal(await refusalOf(finish(provider)), 'provider-failed');
});

test('another issuer is taken where the operator says so', async () => {
  played.metadata = { issuer: 'https://tenant.example.org' };
  played.claims = { iss: 'https://tenant.example.org' };
  assert.equal(await refusalOf(finish(played.open())), 'provider-failed');
  assert.equal((await finish(played.open({ skip_verification: true }))).externalId, 'id');
});

test('the endpoints may be given by hand', async () => {
  const { issuer } = played;
  const provider = played.open({
    discover: false,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
  });
  assert.equal((await finish(provider)).externalId, 'id');
  assert.deepEqual(
    played.asked.map(({ path }) => path),
    ['/token', '/jwks'],
  );
});

test('the claims come from the userinfo endpoint where the operator says so, and of one user', async () => {
  const provider = played.open({ user_profile_method: 'userinfo_endpoint' });
  played.answers.set('/userinfo', (response) => sendJson(response, { sub: 'id', picture: 'p' }));
  assert.equal((await finish(provider)).pictureUrl, 'p');
  played.answers.set('/userinfo', (response) => sendJson(response, { sub: 'another' }));
  assert.equal(await refusalOf(finish(provider)), 'provider-failed');
});

test('plain OAuth 2.0 will do: the profile says who it is', async () => {
  const options = {
    scopes: ['read:user'],
    user_mapping_provider: {
      config: { subject_claim: 'id', localpart_template: '{{ user.login }}' },
    },
  };
  played.answers.set('/token', (response) =>
    sendJson(response, { access_token: 'access', token_type: 'bearer' }),
  );
  played.answers.set('/userinfo', (response) => sendJson(response, { id: 42, login: 'Octo' }));
  const user = await finish(played.open(options));
  assert.deepEqual([user.externalId, user.localpart], ['42', 'octo']);
  assert.equal(played.asked.at(-1)?.authorization, 'Bearer access');
  played.answers.set('/userinfo', (response) => sendJson(response, {}));
  assert.equal(await refusalOf(finish(played.open(options))), 'unusable-user');
  played.answers.set('/userinfo', (response) => sendJson(response, { id: 1 }, 500));
  assert.equal(await refusalOf(finish(played.open(options))), 'provider-failed');
});
