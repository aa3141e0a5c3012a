import { signJson } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import type { SigningKeysConfig } from '../../config/config.ts';
import type { ServerKey } from './server-keys.ts';

export interface OwnKeys {
  readonly serverName: string;
  /** For verifying what this server signed. */
  readonly keys: readonly ServerKey[];
  /** What `/_matrix/key/v2/server` answers, signed by each current key. */
  publish(): JsonObject;
  /** With one more signature, by the key that this server signs with as a notary. */
  notarise(document: JsonObject): JsonObject;
}

/** Spec: "avoid returning responses that expire in less than an hour". */
const validityMsMin = 3_600_000;

/** This server's own keys. */
export function ownKeys(
  serverName: string,
  { current, further, old, refreshIntervalMs, notary }: SigningKeysConfig,
  now: () => number,
): OwnKeys {
  const signing = [current, ...further];
  const keys: ServerKey[] = [
    ...signing.map(({ keyId, publicKeyBase64 }) => ({
      keyId,
      publicKey: publicKeyBase64,
      validUntilTs: Number.MAX_SAFE_INTEGER,
      isOld: false,
    })),
    ...old.map(({ keyId, publicKeyBase64, expiredTs }) => ({
      keyId,
      publicKey: publicKeyBase64,
      validUntilTs: expiredTs,
      isOld: true,
    })),
  ];
  const verifyKeys = Object.fromEntries(
    keys.filter(({ isOld }) => !isOld).map(({ keyId, publicKey }) => [keyId, { key: publicKey }]),
  );
  const oldVerifyKeys = Object.fromEntries(
    old.map(({ keyId, publicKeyBase64, expiredTs }) => [
      keyId,
      { key: publicKeyBase64, expired_ts: expiredTs },
    ]),
  );
  const validityMs = Math.max(refreshIntervalMs, validityMsMin);
  return {
    serverName,
    keys,
    publish: () => {
      const unsigned: JsonObject = {
        server_name: serverName,
        verify_keys: verifyKeys,
        old_verify_keys: oldVerifyKeys,
        valid_until_ts: now() + validityMs,
      };
      return signing.reduce(
        (document, key) => signJson(document, { serverName, ...key }),
        unsigned,
      );
    },
    notarise: (document) => signJson(document, { serverName, ...notary }),
  };
}
