import { exceedsBytes, isJsonObject } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { readDevices } from '../accounts/device-store.ts';
import { MatrixError, forbidden, invalidParam, missingParam } from '../errors/matrix-error.ts';
import { ChangeKind } from '../storage/change.ts';
import {
  keyUsages,
  noMasterKey,
  putCrossSigningKeyStatement,
  readCrossSigningKeys,
} from './cross-signing-store.ts';
import type { KeyUsage } from './cross-signing-store.ts';
import { deviceListChangedForStatement, deviceListChangedStatement } from './device-list-store.ts';
import type { Encryption } from './encryption.ts';
import { keyBytesMax } from './limits.ts';
import { publicKeyOf, validSignature } from './signed-key.ts';

/** Whose keys they are. */
interface Owner {
  readonly userId: string;
  readonly userNid: number;
}

/** Cross-signing keys that were checked. */
export type SigningKeys = ReadonlyMap<KeyUsage, JsonObject>;

/**
 * Reads and checks the body of an upload (CS API, `POST /keys/device_signing/upload`). Throws `400 M_INVALID_PARAM`,
 * `M_INVALID_SIGNATURE` and `M_MISSING_PARAM`, and `403 M_FORBIDDEN` for a key that is named like a device.
 */
export async function checkSigningKeys(
  { accounts: { database } }: Encryption,
  owner: Owner,
  body: Readonly<Record<string, unknown>>,
): Promise<SigningKeys> {
  const keys = new Map<KeyUsage, JsonObject>();
  for (const usage of keyUsages) {
    const key = body[`${usage}_key`];
    if (key !== undefined && key !== null)
      keys.set(usage, parseSigningKey(key, owner.userId, usage));
  }
  const stored = await readCrossSigningKeys(database.reader, owner.userNid);
  const master = keys.get('master') ?? parsed(stored.get('master'));
  if (master === undefined) throw missingParam('There is no master key');
  const publicKey = publicKeyOf(master) ?? '';
  for (const [usage, key] of keys) {
    if (usage === 'master') continue;
    if (validSignature(key, owner.userId, `ed25519:${publicKey}`, publicKey) === undefined) {
      throw new MatrixError(
        400,
        'M_INVALID_SIGNATURE',
        `${usage}_key is not signed by the master key`,
      );
    }
  }
  const devices = await readDevices(database.reader, owner.userNid);
  for (const key of keys.values()) {
    if (devices.some(({ deviceId }) => deviceId === publicKeyOf(key))) {
      throw forbidden('A key may not have the name of a device');
    }
  }
  return keys;
}

/** How uploaded keys relate to those that the user has: these come first, are the same, or are other ones. */
export async function compareSigningKeys(
  { accounts: { database } }: Encryption,
  { userNid }: Owner,
  keys: SigningKeys,
): Promise<'first' | 'same' | 'other'> {
  const stored = await readCrossSigningKeys(database.reader, userNid);
  if (!stored.has('master')) return 'first';
  const isSame = [...keys].every(([usage, key]) => {
    const before = parsed(stored.get(usage));
    return before !== undefined && publicKeyOf(before) === publicKeyOf(key);
  });
  return isSame ? 'same' : 'other';
}

/** Publishes keys that {@link checkSigningKeys} gave; as the first ones, only while there is no master key. */
export async function publishSigningKeys(
  { accounts: { database } }: Encryption,
  { userNid }: Owner,
  keys: SigningKeys,
  { isFirst }: { readonly isFirst: boolean },
): Promise<'published' | 'refused'> {
  const isForAll = keys.has('master') || keys.has('self_signing');
  const { outcome } = await database.submit({
    statements: [
      ...[...keys].map(([usage, key]) =>
        putCrossSigningKeyStatement(userNid, usage, JSON.stringify(key)),
      ),
      // Nobody else sees the user-signing key.
      isForAll
        ? deviceListChangedStatement(userNid)
        : deviceListChangedForStatement(userNid, userNid),
    ],
    guards: isFirst ? [noMasterKey(userNid)] : [],
    positions: 1,
    touches: [{ kind: isForAll ? ChangeKind.deviceList : ChangeKind.userData, subject: userNid }],
  }).done;
  return outcome === 'applied' ? 'published' : 'refused';
}

/** Checks a cross-signing key by itself. Throws `400 M_INVALID_PARAM`. */
export function parseSigningKey(key: unknown, userId: string, usage: KeyUsage): JsonObject {
  if (!isJsonObject(key)) throw invalidParam(`${usage}_key must be object`);
  if (key['user_id'] !== userId) throw invalidParam(`${usage}_key is of another user`);
  const usages = key['usage'];
  if (!Array.isArray(usages) || !usages.includes(usage)) {
    throw invalidParam(`${usage}_key is for another usage`);
  }
  const { signatures = {} } = key;
  if (!isJsonObject(signatures) || !Object.values(signatures).every(isJsonObject)) {
    throw invalidParam(`${usage}_key has malformed signatures`);
  }
  if (publicKeyOf(key) === undefined) {
    throw invalidParam(`${usage}_key must have one key, named ed25519:<public key>`);
  }
  if (exceedsBytes(JSON.stringify(key), keyBytesMax)) {
    throw invalidParam(`${usage}_key is too large`);
  }
  return key;
}

function parsed(json: string | undefined): JsonObject | undefined {
  if (json === undefined) return undefined;
  const key: JsonObject = JSON.parse(json);
  return key;
}
