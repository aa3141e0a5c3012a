import { query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

/**
 * A loose end is a hash whose file may lie there without a row that needs it: one that is being stored, or whose
 * row was just deleted. Noted before the file comes, and with the row that goes, it outlives a crash.
 */
const note = query(
  'insert into media_loose_ends (sha256) values (?) on conflict (sha256) do nothing',
);
const settle = query('delete from media_loose_ends where sha256 = ?');
const some = query<{ sha256: string }>(
  'select sha256 from media_loose_ends where sha256 > ? order by sha256 limit ?',
);
const inUse = query('select 1 as one from media where sha256 = ? limit 1');
const noteCopy = query(
  `insert into media_copies_due (file_key, store) values (?, ?)
   on conflict (file_key, store) do nothing`,
);
const copies = query<CopyDue>(
  `select file_key, store from media_copies_due where file_key > ?
   order by file_key, store limit ?`,
);
const settleCopy = query('delete from media_copies_due where file_key = ? and store = ?');
const cancelCopies = query('delete from media_copies_due where file_key = ?');

/** A file that a storage provider is still to get. */
export interface CopyDue {
  readonly file_key: string;
  readonly store: string;
}

export function noteLooseEndStatement(sha256: string): Statement {
  return statement(note, sha256);
}

export function settleLooseEndStatement(sha256: string): Statement {
  return statement(settle, sha256);
}

/** Those after `afterSha256`, in order. */
export async function readLooseEnds(
  reader: Reader,
  afterSha256: string,
  limit: number,
): Promise<string[]> {
  return (await reader.all(some, afterSha256, limit)).map(({ sha256 }) => sha256);
}

/** Whether a row needs the file with that hash. */
export async function isContentInUse(reader: Reader, sha256: string): Promise<boolean> {
  return (await reader.get(inUse, sha256)) !== undefined;
}

export function noteCopyStatement(key: string, store: string): Statement {
  return statement(noteCopy, key, store);
}

/** Those after `afterKey`, in order. */
export function readCopiesDue(reader: Reader, afterKey: string, limit: number): Promise<CopyDue[]> {
  return reader.all(copies, afterKey, limit);
}

export function settleCopyStatement({ file_key: key, store }: CopyDue): Statement {
  return statement(settleCopy, key, store);
}

export function cancelCopiesStatement(key: string): Statement {
  return statement(cancelCopies, key);
}
