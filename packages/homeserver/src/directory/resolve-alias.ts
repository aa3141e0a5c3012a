import { serverNameOf } from '@soma/protocol';

import { notFound } from '../errors/matrix-error.ts';
import { readAlias } from './alias-store.ts';
import type { Directory } from './directory.ts';
import { parseAlias } from './parse-alias.ts';

/** The room that an alias stands for. Throws `400 M_INVALID_PARAM`, `404 M_NOT_FOUND`, and a 408. */
export async function resolveAlias(directory: Directory, text: string): Promise<string> {
  const { rooms } = directory;
  const { reader } = rooms.database;
  const alias = parseAlias(text);
  let record = await readAlias(reader, alias);
  const isOwn = serverNameOf(alias) === rooms.serverName;
  if (record === undefined && isOwn && (await directory.bringAlias(alias))) {
    record = await readAlias(reader, alias);
  }
  if (record === undefined) throw notFound(`Room alias ${alias} not found`);
  return rooms.names.rooms.text(record.roomNid);
}
