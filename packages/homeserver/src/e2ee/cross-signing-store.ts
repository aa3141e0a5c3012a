import type { Guard } from '../storage/change.ts';
import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

/** `cross_signing_keys.usage`. */
const UsageCode = { master: 1, self_signing: 2, user_signing: 3 } as const;

/** What a cross-signing key is for. */
export type KeyUsage = keyof typeof UsageCode;

export const keyUsages: readonly KeyUsage[] = ['master', 'self_signing', 'user_signing'];

/** A signature that was uploaded apart from the key that it signs. */
export interface KeySignature {
  /** The device ID, or the public key of a master key. */
  readonly target: string;
  readonly signerNid: number;
  /** `<algorithm>:<device ID or public key>` */
  readonly keyId: string;
  readonly signature: string;
}

interface SignatureRow {
  readonly target: string;
  readonly signer_nid: number;
  readonly key_id: string;
  readonly signature: string;
}

const putKey = query(
  `insert into cross_signing_keys (user_nid, usage, json) values (?, ?, ?)
   on conflict (user_nid, usage) do update set json = excluded.json`,
);
const masterKey = query('select 1 as one from cross_signing_keys where user_nid = ? and usage = ?');
const keysOf = query<{ usage: number; json: string }>(
  'select usage, json from cross_signing_keys where user_nid = ?',
);
const removeKeys = query('delete from cross_signing_keys where user_nid = ?');
const putSignature = query(
  `insert into key_signatures (target_nid, target, signer_nid, key_id, signature)
   values (?, ?, ?, ?, ?)
   on conflict (target_nid, target, signer_nid, key_id)
     do update set signature = excluded.signature`,
);
const visible = query<SignatureRow>(
  `select target, signer_nid, key_id, signature from key_signatures
   where target_nid = ? and signer_nid in (?, ?)`,
);

/** Holds while the user has no master key. */
export function noMasterKey(userNid: number): Guard {
  return {
    name: 'no-master-key',
    check: statement(masterKey, userNid, UsageCode.master),
    expect: 'absent',
  };
}

export function putCrossSigningKeyStatement(
  userNid: number,
  usage: KeyUsage,
  json: string,
): Statement {
  return statement(putKey, userNid, UsageCode[usage], json);
}

export function removeCrossSigningKeysStatement(userNid: number): Statement {
  return statement(removeKeys, userNid);
}

/** JSON texts by usage. */
export async function readCrossSigningKeys(
  reader: Reader,
  userNid: number,
): Promise<ReadonlyMap<KeyUsage, string>> {
  const keys = new Map<KeyUsage, string>();
  for (const row of await reader.all(keysOf, userNid)) {
    const usage = keyUsages[row.usage - 1];
    if (usage !== undefined) keys.set(usage, row.json);
  }
  return keys;
}

export function putKeySignatureStatement(targetNid: number, of: KeySignature): Statement {
  const { target, signerNid, keyId, signature } = of;
  const texts = [escapeText(keyId), escapeText(signature)] as const;
  return statement(putSignature, targetNid, escapeText(target), signerNid, ...texts);
}

/**
 * The signatures on a user's keys that the viewer may see: the user's own, and the viewer's (CS API, "Key and signature
 * security").
 */
export async function readKeySignatures(
  reader: Reader,
  userNid: number,
  viewerNid: number,
): Promise<KeySignature[]> {
  const rows = await reader.all(visible, userNid, userNid, viewerNid);
  return rows.map((row) => ({
    target: unescapeText(row.target),
    signerNid: row.signer_nid,
    keyId: unescapeText(row.key_id),
    signature: unescapeText(row.signature),
  }));
}
