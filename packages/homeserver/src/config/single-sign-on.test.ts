import assert from 'node:assert/strict';
import { test } from 'node:test';

import { configFrom } from './parse-config.ts';
import { ConfigError } from './schema/problem.ts';

const base = {
  server_name: 'soma.test',
  signing_key: 'ed25519 1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  registration_shared_secret: 'x',
};
const provider = {
  idp_id: 'work',
  issuer: 'https://accounts.example.org',
  client_id: 'soma',
  client_secret: 'hidden',
};

const read = (options: Readonly<Record<string, unknown>>) =>
  configFrom({ ...base, ...options }).config.singleSignOn;

/** What is wrong, as the operator reads it. */
function problemsOf(options: Readonly<Record<string, unknown>>): string[] {
  try {
    read(options);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, expected, found }) => `${path}: ${expected}; ${found}`);
  }
}

test('without options there is no single sign-on', () => {
  const { oidcProviders, cas, jwt } = read({});
  assert.deepEqual([oidcProviders, cas, jwt], [[], undefined, undefined]);
  assert.equal(read({ cas_config: { enabled: false } }).cas, undefined);
});

test('providers are known by IDs that other kinds do not have', () => {
  const { idp_id: _id, ...unnamed } = provider;
  const ids = read({ oidc_providers: [provider, unnamed] }).oidcProviders.map(({ id }) => id);
  assert.deepEqual(ids, ['oidc-work', 'oidc']);
});

test('the way of showing the secret follows from whether there is one', () => {
  const { client_secret: _secret, ...open } = provider;
  const methodOf = (entry: object) =>
    read({ oidc_providers: [entry] }).oidcProviders[0]?.clientAuthMethod;
  assert.equal(methodOf(provider), 'client_secret_basic');
  assert.equal(methodOf(open), 'none');
  assert.equal(
    methodOf({ ...provider, client_auth_method: 'client_secret_post' }),
    'client_secret_post',
  );
});

test('what cannot be used is named with its place', () => {
  const { client_secret: _secret, ...open } = provider;
  const config = { config: { localpart_template: '{% if user.a %}' } };
  for (const [options, problem] of [
    [{ oidc_providers: {} }, /^oidc_providers: a list/],
    [{ oidc_providers: [{}] }, /^oidc_providers\[0\]\.issuer: an http/],
    [{ oidc_providers: [{ ...provider, idp_id: 'a b' }] }, /^oidc_providers\[0\]\.idp_id: letters/],
    [
      { oidc_providers: [provider, provider] },
      /^oidc_providers\[1\]\.idp_id: an idp_id of its own; oidc-work again$/,
    ],
    [{ oidc_providers: [{ ...provider, idp_icon: 'https://x' }] }, /idp_icon: an mxc/],
    [
      { oidc_providers: [{ ...provider, pkce_method: 'S256' }] },
      /pkce_method: one of auto, always, never; "S256"$/,
    ],
    [
      { oidc_providers: [{ ...open, client_auth_method: 'client_secret_post' }] },
      /client_secret: a secret, because client_auth_method is client_secret_post; nothing$/,
    ],
    [
      { oidc_providers: [{ ...provider, discover: false, scopes: ['x'] }] },
      /authorization_endpoint: an address, because discover is false; nothing$/,
    ],
    [
      { oidc_providers: [{ ...provider, user_mapping_provider: config }] },
      /user_mapping_provider\.config\.localpart_template: a text with \{\{ user\.claim \}\}/,
    ],
    [
      { oidc_providers: [{ ...provider, user_mapping_provider: { module: 'my.Module' } }] },
      /user_mapping_provider\.module: one of/,
    ],
    [
      { oidc_providers: [{ ...provider, attribute_requirements: [{ value: 'x' }] }] },
      /attribute_requirements\[0\]\.attribute/,
    ],
    [
      { oidc_providers: [{ ...open, client_secret_jwt_key: { key: 'hidden' } }] },
      /client_secret_jwt_key\.jwt_header: a mapping; nothing/,
    ],
    [
      { oidc_providers: [{ ...open, client_secret_jwt_key: { key: 'hidden', jwt_header: {} } }] },
      /client_secret_jwt_key\.jwt_header\.alg: the name/,
    ],
    [
      {
        oidc_providers: [
          { ...open, client_secret_jwt_key: { key: 'hidden', jwt_header: { alg: 'ES256' } } },
        ],
      },
      /client_secret_jwt_key\.key: a private key in PEM; a text that is none/,
    ],
    [{ cas_config: { enabled: true } }, /^cas_config\.server_url: an address/],
    [
      { cas_config: { required_attributes: { a: 1 } } },
      /^cas_config\.required_attributes\.a: a text or null; 1$/,
    ],
    [{ cas_config: { numeric_ids_prefix: '_' } }, /^cas_config\.numeric_ids_prefix/],
    [{ jwt_config: { enabled: true } }, /^jwt_config\.secret: a value/],
    [{ jwt_config: { enabled: true, secret: 'x' } }, /^jwt_config\.algorithm: a value/],
    [{ jwt_config: { algorithm: 'none' } }, /^jwt_config\.algorithm: one of/],
    [{ sso: { client_whitelist: 'x' } }, /^sso\.client_whitelist: a list/],
  ] as const) {
    const [first = 'nothing'] = problemsOf(options);
    assert.match(first, problem, JSON.stringify(options));
    assert.doesNotMatch(first, /hidden/);
  }
});

test('attributes of CAS that may have any value are written as null, or as in Synapse’s manual', () => {
  const { cas } = read({
    cas_config: {
      enabled: true,
      server_url: 'https://cas.example.org/',
      required_attributes: { userGroup: 'staff', department: null, office: 'None' },
    },
  });
  assert.equal(cas?.serverUrl, 'https://cas.example.org');
  assert.deepEqual(cas?.requiredAttributes, [
    { attribute: 'userGroup', oneOf: ['staff'] },
    { attribute: 'department', oneOf: undefined },
    { attribute: 'office', oneOf: undefined },
  ]);
});
