import { convert, mapOf, object } from './schema/compounds.ts';
import { fileOption, option } from './schema/option.ts';
import { integer, secret, text } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';
import type { Read } from './schema/site.ts';
import { duration } from './schema/units.ts';
import { generateSigningKeyLine, parseSigningKeys } from './signing-key.ts';
import type { SigningKey } from './signing-key.ts';

export type SigningKeysConfig = SectionValue<typeof signingKeysSection>;

/** A key the server signed with before: it still proves old events, up to its expiry. */
export interface OldSigningKey {
  readonly keyId: string;
  readonly publicKeyBase64: string;
  readonly expiredTs: number;
}

const SIGNING_KEY = 'a signing key: ed25519, a version, and 32 bytes in base64';

const signingKeys = convert(secret, (content, site): Read<SigningKeys> => {
  try {
    const [current, ...further] = parseSigningKeys(content);
    return { current, further };
  } catch (error) {
    return site.refuse(SIGNING_KEY, error instanceof Error ? error.message : String(error));
  }
});

interface SigningKeys {
  readonly current: SigningKey;
  readonly further: readonly SigningKey[];
}

const oldKeyFields = object({
  publicKeyBase64: option({
    name: 'key',
    valueType: text('32 bytes in base64', (key) => /^[A-Za-z0-9+/]{43}=?$/.test(key)),
    required: true,
    description: 'The public key.',
  }),
  expiredTs: option({
    name: 'expired_ts',
    valueType: integer(0, Number.MAX_SAFE_INTEGER, 'a time in milliseconds since 1970,'),
    required: true,
    description: 'When the key was last in use.',
  }),
});

const oldKeys = convert(mapOf(oldKeyFields), (keys, site): Read<readonly OldSigningKey[]> => {
  const wrong = Object.keys(keys).find((keyId) => !/^ed25519:[A-Za-z0-9_]+$/.test(keyId));
  if (wrong !== undefined)
    return site.refuse('key ids such as ed25519:a_abcd', JSON.stringify(wrong));
  return Object.entries(keys).map(([keyId, { publicKeyBase64, expiredTs }]) => ({
    keyId,
    publicKeyBase64: publicKeyBase64.replace('=', ''),
    expiredTs,
  }));
});

export const signingKeysSection = section(
  'Signing keys',
  {
    keys: fileOption({
      name: 'signing_key',
      pathName: 'signing_key_path',
      valueType: signingKeys,
      generate: { what: 'a signing key', content: generateSigningKeyLine },
      description:
        'What the server signs with. `signing_key_path` is the usual form; the file is made when it ' +
        'does not exist, and it is `<server_name>.signing.key` beside the config file when the ' +
        'option is left out. Keep a copy: other servers know this one by it.',
      example: 'ed25519 a_abcd 0000000000000000000000000000000000000000000',
    }),
    oldSigningKeys: option({
      name: 'old_signing_keys',
      valueType: oldKeys,
      default: {},
      description:
        'Keys that the server signed with before, still published so that old events hold.',
      example: {
        'ed25519:a_old': {
          key: '0000000000000000000000000000000000000000000',
          expired_ts: 1_700_000_000_000,
        },
      },
    }),
    keyRefreshIntervalMs: option({
      name: 'key_refresh_interval',
      valueType: duration,
      default: '1d',
      description:
        'For how long other servers may rely on the published keys before they ask again.',
    }),
    notaryKeys: fileOption({
      name: 'key_server_signing_keys',
      pathName: 'key_server_signing_keys_path',
      valueType: signingKeys,
      description:
        "What the server signs other servers' keys with when it is asked as a notary; the signing " +
        'key when it is left out.',
    }),
  },
  ({ keys, oldSigningKeys, keyRefreshIntervalMs, notaryKeys }, siteOf) =>
    keys === undefined
      ? siteOf('signing_key_path').refuse('a path', 'nothing')
      : {
          ...keys,
          old: oldSigningKeys,
          refreshIntervalMs: keyRefreshIntervalMs,
          /** What is signed with as a notary. */
          notary: notaryKeys?.current ?? keys.current,
        },
);
