import type { ServerMetadata } from 'openid-client';

import type { OidcProviderConfig } from '../../config/config.ts';
import type { OutboundFetch } from './outbound-fetch.ts';

export type ProviderMetadata = ServerMetadata & {
  readonly prompt_values_supported?: string[];
};

/** What a provider says of itself (OpenID Connect Discovery), or what the operator has said in its place. */
export async function readMetadata(
  config: OidcProviderConfig,
  fetch: OutboundFetch,
): Promise<ProviderMetadata> {
  const given = givenMetadata(config);
  if (!config.discover) return given;
  const url = `${config.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const answer = await fetch(url, { headers: { accept: 'application/json' } });
  if (answer.status !== 200) throw new Error(`${url} answers ${answer.status}`);
  const found: unknown = await answer.json();
  if (typeof found !== 'object' || found === null || Array.isArray(found)) {
    throw new Error(`${url} is not an object`);
  }
  const metadata = { ...given, ...found };
  checkMetadata(metadata, config, url);
  return metadata;
}

function givenMetadata(config: OidcProviderConfig): ProviderMetadata {
  const { authorizationEndpoint, tokenEndpoint, userinfoEndpoint, jwksUri } = config;
  const { signingAlgorithms } = config;
  return {
    issuer: config.issuer,
    ...(authorizationEndpoint === undefined
      ? {}
      : { authorization_endpoint: authorizationEndpoint }),
    ...(tokenEndpoint === undefined ? {} : { token_endpoint: tokenEndpoint }),
    ...(userinfoEndpoint === undefined ? {} : { userinfo_endpoint: userinfoEndpoint }),
    ...(jwksUri === undefined ? {} : { jwks_uri: jwksUri }),
    ...(signingAlgorithms === undefined
      ? {}
      : { id_token_signing_alg_values_supported: [...signingAlgorithms] }),
  };
}

const texts = [
  'issuer',
  'authorization_endpoint',
  'token_endpoint',
  'userinfo_endpoint',
  'jwks_uri',
];
const lists = [
  'id_token_signing_alg_values_supported',
  'code_challenge_methods_supported',
  'prompt_values_supported',
];

/** Throws for a document that is not what it should be; of what it holds, these are read. */
function checkMetadata(
  metadata: ProviderMetadata,
  { issuer, skipVerification }: OidcProviderConfig,
  url: string,
): void {
  for (const name of texts) {
    const value = metadata[name];
    if (value !== undefined && (typeof value !== 'string' || !URL.canParse(value))) {
      throw new Error(`${name} in ${url} is not an address`);
    }
  }
  for (const name of lists) {
    const value = metadata[name];
    const isList = Array.isArray(value) && value.every((each) => typeof each === 'string');
    if (value !== undefined && !isList) throw new Error(`${name} in ${url} is not a list of texts`);
  }
  const isSame = metadata.issuer.replace(/\/$/, '') === issuer.replace(/\/$/, '');
  if (!isSame && !skipVerification) {
    throw new Error(`${url} is of another issuer: ${metadata.issuer}`);
  }
}
