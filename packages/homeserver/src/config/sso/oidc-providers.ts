import { convert, listOf, mapOf, object } from '../schema/compounds.ts';
import { fileOption, option } from '../schema/option.ts';
import { flag, oneOf, secret, text } from '../schema/scalars.ts';
import { INVALID } from '../schema/site.ts';
import type { Site } from '../schema/site.ts';
import { clientSecretKey } from './client-secret-key.ts';
import { attributeRequirements, httpUrl, shownOptions } from './identity-provider-options.ts';
import { mappingProvider } from './oidc-mapping.ts';

const endpoint = (name: string, what: string) =>
  option({ name, valueType: httpUrl, description: `${what}; discovery gives it otherwise.` });

const provider = object({
  id: option({
    name: 'idp_id',
    valueType: text('letters, digits and ._~- , at most 250 of them', (value) =>
      /^[A-Za-z0-9._~-]{1,250}$/.test(value),
    ),
    default: 'oidc',
    description:
      'What the accounts of its users are remembered by: with another one nobody is recognised. ' +
      'Any but `oidc` gets `oidc-` before it.',
  }),
  ...shownOptions('OIDC'),
  discover: option({
    name: 'discover',
    valueType: flag,
    default: true,
    description: 'Whether the provider is asked for its endpoints.',
  }),
  issuer: option({
    name: 'issuer',
    valueType: httpUrl,
    required: true,
    description: 'The address that the provider calls itself.',
  }),
  clientId: option({
    name: 'client_id',
    valueType: text(),
    required: true,
    description: 'What the provider knows this server as.',
  }),
  clientSecret: fileOption({
    name: 'client_secret',
    valueType: secret,
    description: 'The secret that it has given this server.',
  }),
  clientSecretKey: option({
    name: 'client_secret_jwt_key',
    valueType: clientSecretKey,
    description: 'In place of a secret: a key that signs new ones, as Apple wants it.',
  }),
  clientAuthMethod: option({
    name: 'client_auth_method',
    valueType: oneOf(['client_secret_basic', 'client_secret_post', 'none']),
    description:
      'How the secret is shown: `client_secret_basic` when it is left out, `none` without a secret.',
  }),
  pkceMethod: option({
    name: 'pkce_method',
    valueType: oneOf(['auto', 'always', 'never']),
    default: 'auto',
    description: 'Whether PKCE is used; `auto` does where discovery says that the provider has it.',
  }),
  signingAlgorithms: option({
    name: 'id_token_signing_alg_values_supported',
    valueType: listOf(text(), 1),
    description: 'How ID tokens may be signed, where discovery does not say; RS256 otherwise.',
  }),
  scopes: option({
    name: 'scopes',
    valueType: listOf(text(), 1),
    default: ['openid'],
    description: 'What is asked for. Without `openid` it is plain OAuth 2.0.',
  }),
  authorizationEndpoint: endpoint('authorization_endpoint', 'Where users log in'),
  tokenEndpoint: endpoint('token_endpoint', 'Where a code becomes a token'),
  userinfoEndpoint: endpoint('userinfo_endpoint', 'Where the claims of a user are'),
  jwksUri: endpoint('jwks_uri', 'Where the keys of the provider are'),
  skipVerification: option({
    name: 'skip_verification',
    valueType: flag,
    default: false,
    description:
      'Whether what the provider says of itself may be wrong: another issuer, or addresses without ' +
      'TLS. ID tokens are checked in any case.',
  }),
  userProfileMethod: option({
    name: 'user_profile_method',
    valueType: oneOf(['auto', 'userinfo_endpoint']),
    default: 'auto',
    description: 'Whether the claims are fetched even where the ID token has them.',
  }),
  redirectUri: option({
    name: 'redirect_uri',
    valueType: httpUrl,
    description:
      'Where the provider sends the browser, if not to this server; what is there must hand it on ' +
      'to `/_synapse/client/oidc/callback`.',
  }),
  additionalAuthorizationParameters: option({
    name: 'additional_authorization_parameters',
    valueType: mapOf(text()),
    default: {},
    description: 'Parameters that the provider gets with every login.',
    example: { acr_values: '2fa' },
  }),
  passthroughAuthorizationParameters: option({
    name: 'passthrough_authorization_parameters',
    valueType: listOf(text()),
    default: [],
    description: 'Parameters that a client may give with its request, and the provider gets.',
    example: ['login_hint'],
  }),
  allowExistingUsers: option({
    name: 'allow_existing_users',
    valueType: flag,
    default: false,
    description: 'Whether who has the name of an account, by the template, gets that account.',
  }),
  enableRegistration: option({
    name: 'enable_registration',
    valueType: flag,
    default: true,
    description: 'Whether who has no account yet gets one.',
  }),
  mapping: option({
    name: 'user_mapping_provider',
    valueType: convert(mappingProvider, ({ config }) => config),
    default: {},
    description: 'What a user is called here.',
  }),
  attributeRequirements: option({
    name: 'attribute_requirements',
    valueType: attributeRequirements,
    default: [],
    description: 'What the provider must say of a user, so that the user may log in.',
    example: [{ attribute: 'groups', value: 'chat' }],
  }),
  backchannelLogoutEnabled: option({
    name: 'backchannel_logout_enabled',
    valueType: flag,
    default: false,
    description:
      'Whether the provider may end sessions, at `/_synapse/client/oidc/backchannel_logout`.',
  }),
  backchannelLogoutIgnoreSub: option({
    name: 'backchannel_logout_ignore_sub',
    valueType: flag,
    default: false,
    description: 'Whether it may do so whoever it says that the session is of.',
  }),
});

const checkedProvider = convert(provider, (values, site: Site) => {
  const { clientSecret, clientAuthMethod, discover, scopes, pkceMethod } = values;
  const hasSecret = clientSecret !== undefined || values.clientSecretKey !== undefined;
  if (!hasSecret && clientAuthMethod !== undefined && clientAuthMethod !== 'none') {
    return site
      .child('client_secret')
      .refuse(`a secret, because client_auth_method is ${clientAuthMethod}`, 'nothing');
  }
  const isOpenId = scopes.includes('openid');
  const needed: Readonly<Record<string, string | undefined>> = {
    authorization_endpoint: values.authorizationEndpoint,
    token_endpoint: values.tokenEndpoint,
    ...(isOpenId ? { jwks_uri: values.jwksUri } : { userinfo_endpoint: values.userinfoEndpoint }),
  };
  const missing = Object.keys(needed).filter((name) => !discover && needed[name] === undefined);
  for (const name of missing) {
    site.child(name).refuse('an address, because discover is false', 'nothing');
  }
  if (missing.length > 0) return INVALID;
  return {
    ...values,
    id: values.id === 'oidc' ? 'oidc' : `oidc-${values.id}`,
    clientAuthMethod: clientAuthMethod ?? (hasSecret ? 'client_secret_basic' : 'none'),
    pkceMethod,
  } as const;
});

/** Two providers of one ID would share their users. */
export const oidcProviders = convert(listOf(checkedProvider), (providers, site) => {
  const seen = new Set<string>();
  for (const [index, { id }] of providers.entries()) {
    if (seen.has(id)) {
      return site.child(index).child('idp_id').refuse('an idp_id of its own', `${id} again`);
    }
    seen.add(id);
  }
  return providers;
});
