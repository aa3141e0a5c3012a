import { isJsonObject, stripPadding, verifyJson } from '@soma/protocol';
import type { JsonObject, JsonValue } from '@soma/protocol';

import { isPublicKey, verifySignature } from './verify-signature.ts';

/** A key that a server signs with, or did. */
export interface ServerKey {
  readonly keyId: string;
  /** In unpadded base64. */
  readonly publicKey: string;
  /** What is signed after it is not to be believed; of an old key, when it went out of use. */
  readonly validUntilTs: number;
  /** Good for events alone, not for requests. */
  readonly isOld: boolean;
}

/** What a server publishes of its keys, checked. */
export interface ServerKeys {
  readonly serverName: string;
  readonly keys: readonly ServerKey[];
  /** As published, with its signatures. */
  readonly document: JsonObject;
}

/** Spec: "Servers MUST use the lesser of this field and 7 days into the future". */
const validityMsMax = 7 * 24 * 3_600_000;
const KEY_ID = /^ed25519:[\x21-\x7e]{1,120}$/;

/**
 * Checks what is said to be `serverName`'s keys (spec: "Publishing Keys"): it must be of that server, and signed by
 * a key that it lists. Gives the reason where it is not.
 */
export function parseServerKeys(
  document: JsonValue,
  serverName: string,
  nowMs: number,
): ServerKeys | string {
  if (!isJsonObject(document)) return 'no object';
  if (document['server_name'] !== serverName) return `of another server than ${serverName}`;
  const validUntilTs = timestampIn(document['valid_until_ts']);
  if (validUntilTs === undefined) return 'valid_until_ts is no timestamp';
  const current = keysIn(document['verify_keys']).map(({ keyId, publicKey }) => ({
    keyId,
    publicKey,
    validUntilTs: Math.min(validUntilTs, nowMs + validityMsMax),
    isOld: false,
  }));
  const published = new Map(current.map(({ keyId, publicKey }) => [keyId, publicKey]));
  const verdict = verifyJson(
    document,
    serverName,
    (keyId) => published.get(keyId),
    verifySignature,
  );
  if (!verdict.valid) return verdict.reason;
  const old = keysIn(document['old_verify_keys']).flatMap(({ keyId, publicKey, fields }) => {
    const expiredTs = timestampIn(fields['expired_ts']);
    if (expiredTs === undefined || published.has(keyId)) return [];
    return [{ keyId, publicKey, validUntilTs: Math.min(expiredTs, nowMs), isOld: true }];
  });
  return { serverName, keys: [...current, ...old], document };
}

interface PublishedKey {
  readonly keyId: string;
  readonly publicKey: string;
  readonly fields: JsonObject;
}

/** Keys of other algorithms, and malformed ones, are no keys. */
function keysIn(value: JsonValue | undefined): PublishedKey[] {
  return Object.entries(isJsonObject(value) ? value : {}).flatMap(([keyId, fields]) => {
    const key = isJsonObject(fields) ? fields['key'] : undefined;
    if (!isJsonObject(fields) || typeof key !== 'string') return [];
    if (!KEY_ID.test(keyId) || !isPublicKey(key)) return [];
    return [{ keyId, publicKey: stripPadding(key), fields }];
  });
}

function timestampIn(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
