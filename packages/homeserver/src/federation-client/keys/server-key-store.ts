import { query, statement } from '../../storage/sql.ts';
import type { Reader, Statement } from '../../storage/sql.ts';
import type { ServerKey, ServerKeys } from './server-keys.ts';

interface KeyRow {
  readonly key_id: string;
  readonly public_key: string;
  readonly valid_until_ts: number;
  readonly is_old: number;
  readonly fetched_ts: number;
}

export interface StoredServerKey extends ServerKey {
  /** When this server got it, last. */
  readonly fetchedTs: number;
}

interface DocumentRow {
  readonly document: string;
}

const ofServer = query<KeyRow>(
  'select key_id, public_key, valid_until_ts, is_old, fetched_ts from server_keys where server_name = ?',
);
const documents = query<DocumentRow>(
  'select distinct document from server_keys where server_name = ?',
);
const columns = '(server_name, key_id, public_key, valid_until_ts, is_old, fetched_ts, document)';
const replacement = `set public_key = excluded.public_key, valid_until_ts = excluded.valid_until_ts,
  is_old = excluded.is_old, fetched_ts = excluded.fetched_ts, document = excluded.document`;
const replace = query(
  `insert into server_keys ${columns} values (?, ?, ?, ?, ?, ?, ?)
   on conflict (server_name, key_id) do update ${replacement}`,
);
const replaceShorter = query(
  `insert into server_keys ${columns} values (?, ?, ?, ?, ?, ?, ?)
   on conflict (server_name, key_id) do update ${replacement}
   where excluded.valid_until_ts > server_keys.valid_until_ts`,
);

export async function readServerKeys(
  reader: Reader,
  serverName: string,
): Promise<StoredServerKey[]> {
  return (await reader.all(ofServer, serverName)).map((row) => ({
    keyId: row.key_id,
    publicKey: row.public_key,
    validUntilTs: row.valid_until_ts,
    isOld: row.is_old === 1,
    fetchedTs: row.fetched_ts,
  }));
}

/** What the server published, as JSON texts: as many as are needed for all keys that are known of it. */
export async function readKeyDocuments(reader: Reader, serverName: string): Promise<string[]> {
  return (await reader.all(documents, serverName)).map(({ document }) => document);
}

/**
 * What the server says itself replaces what is known of its keys; what a notary says (`isSecondHand`) may be older,
 * and replaces only what is valid for less long.
 */
export function storeServerKeysStatements(
  { serverName, keys, document }: ServerKeys,
  fetchedTs: number,
  isSecondHand: boolean,
): Statement[] {
  const text = JSON.stringify(document);
  return keys.map(({ keyId, publicKey, validUntilTs, isOld }) =>
    statement(
      isSecondHand ? replaceShorter : replace,
      serverName,
      keyId,
      publicKey,
      validUntilTs,
      isOld ? 1 : 0,
      fetchedTs,
      text,
    ),
  );
}
