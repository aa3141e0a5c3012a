import { listOf, object } from './schema/compounds.ts';
import { option } from './schema/option.ts';
import { flag, text } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';
import { casConfig } from './sso/cas.ts';
import { jwtConfig } from './sso/jwt.ts';
import { oidcProviders } from './sso/oidc-providers.ts';

export type SingleSignOnConfig = SectionValue<typeof singleSignOnSection>;
export type OidcProviderConfig = SingleSignOnConfig['oidcProviders'][number];
export type CasConfig = NonNullable<SingleSignOnConfig['cas']>;
export type JwtConfig = NonNullable<SingleSignOnConfig['jwt']>;

const sso = object({
  clientWhitelist: option({
    name: 'client_whitelist',
    valueType: listOf(text()),
    default: [],
    description:
      'Beginnings of the addresses of clients that get a login without asking the user. End them ' +
      'in a slash: `https://chat.example.org` is also the beginning of another site’s name.',
    example: ['https://chat.example.org/'],
  }),
  updatesProfile: option({
    name: 'update_profile_information',
    valueType: flag,
    default: false,
    description: 'Whether each login brings the display name and the picture of the provider.',
  }),
});

export const singleSignOnSection = section(
  'Single sign-on',
  {
    oidcProviders: option({
      name: 'oidc_providers',
      valueType: oidcProviders,
      default: [],
      description: 'Where users may log in by OpenID Connect, or OAuth 2.0.',
      example: [
        {
          idp_id: 'work',
          idp_name: 'Work account',
          issuer: 'https://accounts.example.org/',
          client_id: 'soma',
          client_secret: 'what the provider gave you',
          scopes: ['openid', 'profile'],
          user_mapping_provider: {
            config: {
              localpart_template: '{{ user.preferred_username }}',
              display_name_template: '{{ user.name }}',
            },
          },
        },
      ],
    }),
    cas: option({
      name: 'cas_config',
      valueType: casConfig,
      default: {},
      description: 'Logging in by CAS.',
      example: { enabled: true, server_url: 'https://cas.example.org', protocol_version: 3 },
    }),
    sso: option({
      name: 'sso',
      valueType: sso,
      default: {},
      description: 'What holds for all of these.',
    }),
    jwt: option({
      name: 'jwt_config',
      valueType: jwtConfig,
      default: {},
      description: 'Logging in with a token that another service has signed.',
      example: { enabled: true, secret: 'a long secret', algorithm: 'HS256' },
    }),
  },
  ({ oidcProviders: providers, cas, sso: { clientWhitelist, updatesProfile }, jwt }) => ({
    oidcProviders: providers,
    cas,
    clientWhitelist,
    updatesProfile,
    jwt,
  }),
);
