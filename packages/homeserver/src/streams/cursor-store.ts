import type { ChangeKind } from '../storage/change.ts';
import { integerList, query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

const cursor = query<{ position: number }>('select position from cursors where name = ?');
const moveCursor = query(
  `insert into cursors (name, position) values (?, ?)
   on conflict (name) do update set position = excluded.position`,
);
/** (above which position, up to which, kinds, limit) */
const changes = query<{ position: number; subject: number }>(
  `select position, subject from changes where position > ? and position <= ? and kind {in}
   order by position limit ?`,
);

export async function readCursor(reader: Reader, name: string): Promise<number> {
  return (await reader.get(cursor, name))?.position ?? 0;
}

export function moveCursorStatement(name: string, position: number): Statement {
  return statement(moveCursor, name, position);
}

/** What changed in (`above`, `upTo`], about `limit` of it at most, and up to where that is all. */
export async function readChanges(
  reader: Reader,
  kinds: readonly ChangeKind[],
  above: number,
  upTo: number,
  limit: number,
): Promise<{ readonly subjects: ReadonlySet<number>; readonly upTo: number }> {
  const rows = await reader.all(changes, above, upTo, integerList(kinds), limit + 1);
  const next = rows[limit];
  if (next === undefined || rows[0]?.position === next.position) {
    return { subjects: new Set(rows.map((row) => row.subject)), upTo };
  }
  // A change is named at its first position alone: what follows belongs to it, up to the next one.
  const whole = rows.filter((row) => row.position < next.position);
  return { subjects: new Set(whole.map((row) => row.subject)), upTo: next.position - 1 };
}
