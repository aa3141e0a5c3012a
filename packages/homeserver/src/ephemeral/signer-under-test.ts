import { generateKeyPairSync, hash } from 'node:crypto';

import type { EventSigner } from '../rooms/rooms.ts';

/** The name of the server in the tests of rooms. */
export const SERVER_NAME = 'example.org';

/** Signs in the name of that server, with a key of its own. */
export function signerUnderTest(): EventSigner {
  return {
    serverName: SERVER_NAME,
    keyId: 'ed25519:1',
    sha256: (text) => hash('sha256', text, 'base64'),
    privateKey: generateKeyPairSync('ed25519').privateKey,
  };
}
