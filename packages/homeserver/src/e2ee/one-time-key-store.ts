import type { Guard } from '../storage/change.ts';
import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { POSITION, query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

/** A key that is handed out: once, or as the fallback for when there are none of those. */
export interface ClaimableKey {
  readonly algorithm: string;
  readonly keyId: string;
  /** JSON text: a text, or a signed object. */
  readonly json: string;
}

export interface NewOneTimeKey extends ClaimableKey {
  /** The key's place in its upload: they are handed out in this order. */
  readonly ordinal: number;
  /** SHA-256 of the key without its signatures, by which two of the same ID are told apart. */
  readonly unsignedHash: Uint8Array;
}

interface Place {
  readonly userNid: number;
  readonly deviceNid: number;
}

interface KeyRow {
  readonly key_id: string;
  readonly json: string;
}

const insert = query(
  `insert into one_time_keys
     (user_nid, device_nid, algorithm, key_id, position, ordinal, json, unsigned_hash)
   values (?, ?, ?, ?, ?, ?, ?, ?)
   on conflict (user_nid, device_nid, algorithm, key_id) do nothing`,
);
const other = query(
  `select 1 as one from one_time_keys
   where user_nid = ? and device_nid = ? and algorithm = ? and key_id = ? and unsigned_hash <> ?`,
);
const take = query<KeyRow>(
  `delete from one_time_keys
   where user_nid = ? and device_nid = ? and algorithm = ? and key_id = (
     select oldest.key_id from one_time_keys oldest
     where oldest.user_nid = ? and oldest.device_nid = ? and oldest.algorithm = ?
     order by oldest.position, oldest.ordinal limit 1)
   returning key_id, json`,
);
const useFallback = query<KeyRow>(
  `update fallback_keys set used = 1
   where user_nid = ? and device_nid = ? and algorithm = ? and not exists (
     select 1 from one_time_keys k
     where k.user_nid = ? and k.device_nid = ? and k.algorithm = ?)
   returning key_id, json`,
);
const putFallback = query(
  `insert into fallback_keys (user_nid, device_nid, algorithm, key_id, json, used)
   values (?, ?, ?, ?, ?, 0)
   on conflict (user_nid, device_nid, algorithm) do update set
     used = case when fallback_keys.key_id = excluded.key_id and fallback_keys.json = excluded.json
       then fallback_keys.used else 0 end,
     key_id = excluded.key_id, json = excluded.json`,
);
const counts = query<{ algorithm: string; count: number }>(
  `select algorithm, count(*) as count from one_time_keys
   where user_nid = ? and device_nid = ? group by algorithm`,
);
const countAll = query<{ count: number }>('select count(*) as count from one_time_keys');
const dropAll = query('delete from one_time_keys');
const useAllFallbacks = query('update fallback_keys set used = 1');
const unused = query<{ algorithm: string }>(
  `select algorithm from fallback_keys
   where user_nid = ? and device_nid = ? and used = 0 order by algorithm`,
);

/** Adds a key at the change's position; one that is there stays. */
export function insertOneTimeKeyStatement(place: Place, key: NewOneTimeKey): Statement {
  return statement(
    insert,
    place.userNid,
    place.deviceNid,
    escapeText(key.algorithm),
    escapeText(key.keyId),
    POSITION,
    key.ordinal,
    key.json,
    key.unsignedHash,
  );
}

/** Holds while there is no other key of the same ID. */
export function keyIdIsFree({ userNid, deviceNid }: Place, key: NewOneTimeKey): Guard {
  const names = [escapeText(key.algorithm), escapeText(key.keyId)] as const;
  return {
    name: `${key.algorithm}:${key.keyId}`,
    check: statement(other, userNid, deviceNid, ...names, key.unsignedHash),
    expect: 'absent',
  };
}

/**
 * Takes a key of this algorithm for good, or marks the fallback as used: two statements, of which at most one gives a
 * row, that is its key. They must stand next to one another, in this order.
 */
export function claimStatements(
  { userNid, deviceNid }: Place,
  algorithm: string,
): readonly [useFallback: Statement, take: Statement] {
  const place = [userNid, deviceNid, escapeText(algorithm)] as const;
  return [statement(useFallback, ...place, ...place), statement(take, ...place, ...place)];
}

/** The key in a row that a claim gave. */
export function claimedKey(row: Record<string, unknown>): Omit<ClaimableKey, 'algorithm'> {
  return { keyId: unescapeText(String(row['key_id'])), json: String(row['json']) };
}

/** Replaces the fallback of its algorithm. The same one again stays as used as it is. */
export function putFallbackKeyStatement(place: Place, key: ClaimableKey): Statement {
  const { algorithm, keyId, json } = key;
  return statement(
    putFallback,
    place.userNid,
    place.deviceNid,
    escapeText(algorithm),
    escapeText(keyId),
    json,
  );
}

/**
 * Takes back what another copy of this database may have handed out since: nobody is given a one-time key again, and
 * devices are told that their fallback keys are used, so that they upload new ones.
 */
export function distrustKeysStatements(): readonly Statement[] {
  return [statement(dropAll), statement(useAllFallbacks)];
}

/** How many one-time keys there are altogether. */
export async function countOneTimeKeys(reader: Reader): Promise<number> {
  return (await reader.get(countAll))?.count ?? 0;
}

/** How many there are, by algorithm; none of the one that clients ask about is told as well. */
export async function readOneTimeKeyCounts(
  reader: Reader,
  { userNid, deviceNid }: Place,
): Promise<Record<string, number>> {
  const found: [string, number][] = [['signed_curve25519', 0]];
  for (const row of await reader.all(counts, userNid, deviceNid)) {
    found.push([unescapeText(row.algorithm), row.count]);
  }
  return Object.fromEntries(found);
}

/** Algorithms whose fallback nobody was given yet. */
export async function readUnusedFallbackTypes(
  reader: Reader,
  { userNid, deviceNid }: Place,
): Promise<string[]> {
  const rows = await reader.all(unused, userNid, deviceNid);
  return rows.map((row) => unescapeText(row.algorithm));
}
