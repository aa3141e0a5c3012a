import { convert, listOf, mapOf, object } from './schema/compounds.ts';
import { option } from './schema/option.ts';
import { flag, text } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';
import type { Read } from './schema/site.ts';

export type TrustedKeyServersConfig = SectionValue<typeof trustedKeyServersSection>;

/** A notary: a server that is asked for the keys of servers which do not answer themselves. */
export interface TrustedKeyServer {
  readonly serverName: string;
  /** Its public keys in base64 by key ID; undefined where its certificate is trusted alone. */
  readonly verifyKeys: Readonly<Record<string, string>> | undefined;
  readonly acceptKeysInsecurely: boolean;
}

const MATRIX_ORG: TrustedKeyServer = {
  serverName: 'matrix.org',
  verifyKeys: undefined,
  acceptKeysInsecurely: false,
};

const keyServer = convert(
  object({
    serverName: option({
      name: 'server_name',
      valueType: text('a server name'),
      required: true,
      description: 'The name of the server.',
      example: 'matrix.org',
    }),
    verifyKeys: option({
      name: 'verify_keys',
      valueType: mapOf(text('32 bytes in base64', (key) => /^[A-Za-z0-9+/]{43}=?$/.test(key))),
      description: 'Its public keys by key id; without them its TLS certificate is its proof.',
    }),
    acceptKeysInsecurely: option({
      name: 'accept_keys_insecurely',
      valueType: flag,
      default: false,
      description:
        'Whether its answers are taken although neither keys nor certificates prove them; needed ' +
        'where `federation_verify_certificates` is off and it has no `verify_keys`.',
    }),
  }),
  (server): Read<TrustedKeyServer> => server,
);

export const trustedKeyServersSection = section(
  'Trusted key servers',
  {
    trustedKeyServers: option({
      name: 'trusted_key_servers',
      valueType: listOf(keyServer),
      description:
        'The notaries that are asked for the keys of a server which does not answer itself: ' +
        '`matrix.org` when it is left out, and nobody with an empty list.',
      example: [
        {
          server_name: 'keys.example.org',
          verify_keys: { 'ed25519:auto': 'abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq' },
        },
      ],
      differs: 'A server is asked for its own keys first, and notaries after it.',
    }),
    suppressWarning: option({
      name: 'suppress_key_server_warning',
      valueType: flag,
      default: false,
      description:
        'Whether nothing is said at start when `matrix.org` is written among the trusted key servers.',
    }),
  },
  ({ trustedKeyServers, suppressWarning }, siteOf): readonly TrustedKeyServer[] => {
    if (trustedKeyServers === undefined) return [MATRIX_ORG];
    if (
      !suppressWarning &&
      trustedKeyServers.some(({ serverName }) => serverName === 'matrix.org')
    ) {
      siteOf('trusted_key_servers').reporter.warning(
        'trusted_key_servers: matrix.org is asked for the keys of servers that do not answer; set suppress_key_server_warning if that is what you want.',
      );
    }
    return trustedKeyServers;
  },
);
