import { generateKeyPairSync, hash, sign } from 'node:crypto';

import type { EventCrypto } from '@soma/protocol';

/** The name of the server in the tests of rooms. */
export const SERVER_NAME = 'example.org';

/** Signs in the name of that server, with a key of its own. */
export function cryptoUnderTest(): EventCrypto {
  const { privateKey } = generateKeyPairSync('ed25519');
  return {
    serverName: SERVER_NAME,
    keyId: 'ed25519:1',
    sha256: (text) => hash('sha256', text, 'base64'),
    sign: (text) =>
      sign(null, Buffer.from(text), privateKey).toString('base64').replaceAll('=', ''),
  };
}
