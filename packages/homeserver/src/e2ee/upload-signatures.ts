import { isJsonObject, signedText } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { MatrixError, invalidParam, notFound } from '../errors/matrix-error.ts';
import { ChangeKind } from '../storage/change.ts';
import { write } from '../storage/database.ts';
import { putKeySignatureStatement, readCrossSigningKeys } from './cross-signing-store.ts';
import type { KeySignature, KeyUsage } from './cross-signing-store.ts';
import { readDeviceKeysOfUser } from './device-key-store.ts';
import { deviceListChangedForStatement, deviceListChangedStatement } from './device-list-store.ts';
import type { Encryption } from './encryption.ts';
import { deviceSigningKeyOf, publicKeyOf, signaturesOf, validSignature } from './signed-key.ts';

interface User {
  readonly userId: string;
  readonly userNid: number;
}

/** The keys that a user has published. */
interface PublishedKeys {
  readonly user: User;
  readonly devices: ReadonlyMap<string, JsonObject>;
  readonly crossSigning: ReadonlyMap<KeyUsage, JsonObject>;
}

interface FoundSignature {
  readonly targetNid: number;
  readonly signature: KeySignature;
}

/**
 * Publishes signatures on keys (CS API, `POST /keys/signatures/upload`): on the signer's own devices by the
 * self-signing key, on the own master key by devices, on others' master keys by the user-signing key. Answers with what
 * is wrong, by user and key.
 */
export async function uploadSignatures(
  encryption: Encryption,
  signer: User,
  uploaded: JsonObject,
): Promise<Record<string, Record<string, JsonObject>>> {
  const own = await readPublished(encryption, signer.userId);
  const found: FoundSignature[] = [];
  const failures: [string, Record<string, JsonObject>][] = [];
  for (const [userId, objects] of Object.entries(uploaded)) {
    if (!isJsonObject(objects)) throw invalidParam(`Field ${userId} must be object`);
    const isOwn = userId === signer.userId;
    const published = isOwn ? own : await readPublished(encryption, userId);
    const failed: [string, JsonObject][] = [];
    for (const [target, object] of Object.entries(objects)) {
      if (!isJsonObject(object)) throw invalidParam(`Field ${userId}.${target} must be object`);
      try {
        found.push(
          ...(isOwn
            ? checkOwn(published, target, object)
            : checkOther(own, published, target, object)),
        );
      } catch (error) {
        if (!(error instanceof MatrixError)) throw error;
        failed.push([target, { errcode: error.errcode, error: error.message }]);
      }
    }
    if (failed.length > 0) failures.push([userId, Object.fromEntries(failed)]);
  }
  await publish(encryption, signer.userNid, found);
  return Object.fromEntries(failures);
}

async function publish(
  { accounts: { database } }: Encryption,
  signerNid: number,
  found: readonly FoundSignature[],
): Promise<void> {
  const targets = new Set(found.map(({ targetNid }) => targetNid));
  if (targets.size === 0) return;
  await write(database, {
    statements: [
      ...found.map(({ targetNid, signature }) => putKeySignatureStatement(targetNid, signature)),
      ...[...targets].map((targetNid) =>
        targetNid === signerNid
          ? deviceListChangedStatement(targetNid)
          : // Whom somebody trusts is nobody else's business.
            deviceListChangedForStatement(targetNid, signerNid),
      ),
    ],
    positions: 1,
    touches: [
      {
        kind: targets.has(signerNid) ? ChangeKind.deviceList : ChangeKind.userData,
        subject: signerNid,
      },
    ],
  });
}

function checkOwn(own: PublishedKeys, target: string, object: JsonObject): FoundSignature[] {
  const master = own.crossSigning.get('master');
  if (master !== undefined && publicKeyOf(master) === target) {
    return checkOwnMaster(own, target, master, object);
  }
  const selfSigning = own.crossSigning.get('self_signing');
  if (selfSigning === undefined) throw notFound('There is no self-signing key');
  const device = own.devices.get(target);
  if (device === undefined) throw notFound('There is no such device with keys');
  return [checkSigned(own, selfSigning, { user: own.user, target, stored: device }, object)];
}

/** Any of the user's devices may sign the master key. */
function checkOwnMaster(
  { user, devices }: PublishedKeys,
  target: string,
  master: JsonObject,
  object: JsonObject,
): FoundSignature[] {
  checkSame(master, object);
  const known = signaturesOf(master, user.userId);
  const keyIds = Object.keys(signaturesOf(object, user.userId)).filter(
    (id) => !Object.hasOwn(known, id),
  );
  return keyIds.map((keyId) => {
    const deviceId = keyId.slice(keyId.indexOf(':') + 1);
    const device = devices.get(deviceId);
    const publicKey = device === undefined ? undefined : deviceSigningKeyOf(device, deviceId);
    const signature =
      publicKey === undefined ? undefined : validSignature(object, user.userId, keyId, publicKey);
    if (signature === undefined) throw invalidSignature();
    return {
      targetNid: user.userNid,
      signature: { target, signerNid: user.userNid, keyId, signature },
    };
  });
}

function checkOther(
  own: PublishedKeys,
  theirs: PublishedKeys | undefined,
  target: string,
  object: JsonObject,
): FoundSignature[] {
  const userSigning = own.crossSigning.get('user_signing');
  if (userSigning === undefined) throw notFound('There is no user-signing key');
  const master = theirs?.crossSigning.get('master');
  if (theirs === undefined || master === undefined || publicKeyOf(master) !== target) {
    throw notFound('There is no such master key');
  }
  return [checkSigned(own, userSigning, { user: theirs.user, target, stored: master }, object)];
}

interface Target {
  readonly user: User;
  readonly target: string;
  readonly stored: JsonObject;
}

function checkSigned(
  { user: signer }: PublishedKeys,
  signingKey: JsonObject,
  { user, target, stored }: Target,
  object: JsonObject,
): FoundSignature {
  checkSame(stored, object);
  const publicKey = publicKeyOf(signingKey) ?? '';
  const keyId = `ed25519:${publicKey}`;
  const signature = validSignature(object, signer.userId, keyId, publicKey);
  if (signature === undefined) throw invalidSignature();
  return {
    targetNid: user.userNid,
    signature: { target, signerNid: signer.userNid, keyId, signature },
  };
}

/** What is signed must be what was published. */
function checkSame(stored: JsonObject, object: JsonObject): void {
  if (signedText(stored) !== signedText(object)) {
    throw invalidParam('This is not the key that was published');
  }
}

function invalidSignature(): MatrixError {
  return new MatrixError(400, 'M_INVALID_SIGNATURE', 'Invalid signature');
}

async function readPublished(
  { accounts: { database, names } }: Encryption,
  userId: string,
): Promise<PublishedKeys> {
  const userNid = (await names.users.find(userId)) ?? 0;
  return database.read(async (reader) => {
    const devices = await readDeviceKeysOfUser(reader, userNid);
    const crossSigning = await readCrossSigningKeys(reader, userNid);
    return {
      user: { userId, userNid },
      devices: new Map(devices.map(({ deviceId, json }) => [deviceId, parseObject(json)])),
      crossSigning: new Map([...crossSigning].map(([usage, json]) => [usage, parseObject(json)])),
    };
  });
}

function parseObject(json: string): JsonObject {
  const object: JsonObject = JSON.parse(json);
  return object;
}
