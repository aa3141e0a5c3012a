import { notFound } from '../errors/matrix-error.ts';
import { readAlias } from './alias-store.ts';
import type { Directory } from './directory.ts';
import { parseAlias } from './parse-alias.ts';

/** The room that an alias stands for. Throws `400 M_INVALID_PARAM`, `404 M_NOT_FOUND`. */
export async function resolveAlias({ rooms }: Directory, text: string): Promise<string> {
  const alias = parseAlias(text);
  const record = await readAlias(rooms.database.reader, alias);
  if (record === undefined) throw notFound(`Room alias ${alias} not found`);
  return rooms.names.rooms.text(record.roomNid);
}
