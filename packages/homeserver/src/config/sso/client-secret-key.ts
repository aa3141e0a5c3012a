import { createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { anyMapping, convert, object } from '../schema/compounds.ts';
import { fileOption, option } from '../schema/option.ts';
import { secret, text } from '../schema/scalars.ts';

/** What makes the secrets of a client, where a provider wants new ones again and again. */
export interface ClientSecretKey {
  readonly key: KeyObject;
  readonly alg: string;
  /** The rest of the header. */
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Readonly<Record<string, unknown>>;
}

const fields = object({
  key: fileOption({
    name: 'key',
    pathName: 'key_file',
    valueType: secret,
    description: 'The private key, in PEM.',
  }),
  header: option({
    name: 'jwt_header',
    valueType: anyMapping,
    required: true,
    description: 'What stands in the header of the token; `alg` must.',
    example: { alg: 'ES256', kid: 'KEYIDCODE' },
  }),
  payload: option({
    name: 'jwt_payload',
    valueType: anyMapping,
    default: {},
    description: 'What stands in its content.',
    example: { iss: 'TEAMIDCODE' },
  }),
});

const algorithm = text('the name of an algorithm, such as ES256');

export const clientSecretKey = convert(fields, ({ key, header, payload }, site) => {
  if (key === undefined) return site.child('key').refuse('a key, or a key_file', 'nothing');
  const { alg: given, ...rest } = header;
  const alg = algorithm.read(given, site.child('jwt_header').child('alg'));
  if (typeof alg === 'symbol') return alg;
  try {
    return { key: createPrivateKey(key), alg, header: rest, payload };
  } catch {
    return site.child('key').refuse('a private key in PEM', 'a text that is none');
  }
});
