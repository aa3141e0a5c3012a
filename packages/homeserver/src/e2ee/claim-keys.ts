import type { JsonObject, JsonValue } from '@soma/protocol';

import { readDevices } from '../accounts/device-store.ts';
import { write } from '../storage/database.ts';
import type { Statement } from '../storage/sql.ts';
import type { Encryption } from './encryption.ts';
import { claimStatements, claimedKey } from './one-time-key-store.ts';
import { splitUsers } from './split-users.ts';

/** What is claimed: by user ID and device ID, an algorithm. */
export type KeyClaims = Readonly<Record<string, Readonly<Record<string, string>>>>;

interface LocalClaim {
  readonly userId: string;
  readonly deviceId: string;
  readonly algorithm: string;
  readonly userNid: number;
  readonly deviceNid: number;
}

/**
 * Hands out one key of each device (CS API, `POST /keys/claim`): a one-time key never again, the fallback where there is
 * none. It is gone before anybody is told of it, so that no failure can hand it out twice.
 */
export async function claimKeys(
  encryption: Encryption,
  claims: KeyClaims,
  timeoutMs: number,
): Promise<JsonObject> {
  const { local, remote } = splitUsers(encryption, claims);
  const [ours, theirs] = await Promise.all([
    claimLocal(encryption, local),
    encryption.remote.claimKeys(remote, timeoutMs),
  ]);
  return { one_time_keys: { ...ours, ...theirs.users }, failures: { ...theirs.failures } };
}

/** The same for this server's users alone. */
export async function claimLocal(
  encryption: Encryption,
  claims: ReadonlyMap<string, Readonly<Record<string, string>>>,
): Promise<Record<string, JsonObject>> {
  const found: LocalClaim[] = [];
  for (const [userId, devices] of claims) {
    found.push(...(await findDevices(encryption, userId, devices)));
  }
  const keys = await take(encryption, found);
  const answer = new Map<string, [string, JsonObject][]>();
  for (const [index, { userId, deviceId }] of found.entries()) {
    const key = keys[index];
    if (key === undefined) continue;
    const devices = answer.get(userId) ?? [];
    devices.push([deviceId, key]);
    answer.set(userId, devices);
  }
  return Object.fromEntries(
    [...answer].map(([userId, devices]) => [userId, Object.fromEntries(devices)]),
  );
}

async function findDevices(
  { accounts: { database, names } }: Encryption,
  userId: string,
  claims: Readonly<Record<string, string>>,
): Promise<LocalClaim[]> {
  const userNid = await names.users.find(userId);
  if (userNid === undefined) return [];
  return (await readDevices(database.reader, userNid)).flatMap(({ deviceId, deviceNid }) => {
    const algorithm = Object.hasOwn(claims, deviceId) ? claims[deviceId] : undefined;
    return algorithm === undefined ? [] : [{ userId, deviceId, algorithm, userNid, deviceNid }];
  });
}

/** The keys by the place of their claim, `<algorithm>:<key ID>` to the key; undefined where there is none. */
async function take(
  { accounts: { database } }: Encryption,
  claims: readonly LocalClaim[],
): Promise<(JsonObject | undefined)[]> {
  if (claims.length === 0) return [];
  const statements: Statement[] = claims.flatMap((claim) =>
    claimStatements(claim, claim.algorithm),
  );
  const { rows } = await write(database, {
    statements,
    returning: [...statements.keys()],
    positions: 0,
  });
  return claims.map(({ algorithm }, index) => {
    const [row] = [...(rows[2 * index] ?? []), ...(rows[2 * index + 1] ?? [])];
    if (row === undefined) return undefined;
    const { keyId, json } = claimedKey(row);
    const key: JsonValue = JSON.parse(json);
    return { [`${algorithm}:${keyId}`]: key };
  });
}
