import { write } from '../../storage/database.ts';
import { Turns } from '../../streams/turns.ts';
import { deltaStatements, wholeSnapshotStatement } from '../import-store.ts';
import type { Rooms } from '../rooms.ts';
import { hashAfter } from '../state-hash.ts';
import type { Snapshot } from '../state-store.ts';
import { rowsPerChange } from './limits.ts';

/** One entry of a state by nids. */
export interface StateEntry {
  readonly stateKeyNid: number;
  readonly eventNid: number;
}

/** A whole state is the root of a lineage at an index whose entries no later snapshot takes over for as many steps. */
const ROOT_INDEX = 2 ** 20;

/** Stores a state that is known as a whole, in bounded changes; it is a snapshot when all of it is there. */
export async function storeWholeState(
  { database, snapshotNids }: Rooms,
  roomNid: number,
  entries: readonly StateEntry[],
): Promise<Snapshot> {
  const nid = await snapshotNids.next();
  const turns = new Turns();
  let hash = 0;
  // One piece is made ready while the one before it is written.
  let writing: Promise<unknown> | undefined;
  for (let start = 0; start < entries.length; start += rowsPerChange) {
    const piece = entries.slice(start, start + rowsPerChange);
    const changes = piece.map(({ stateKeyNid, eventNid }) => ({
      stateKeyNid,
      before: undefined,
      after: eventNid,
    }));
    hash = hashAfter(database.snapshotKey, hash, changes);
    const pairs = piece.map(({ stateKeyNid, eventNid }) => [stateKeyNid, eventNid] as const);
    await writing;
    writing = write(database, { statements: deltaStatements(nid, pairs), positions: 0 });
    writing.catch(() => undefined);
    await turns.next();
  }
  await writing;
  const statements = [wholeSnapshotStatement(roomNid, nid, ROOT_INDEX, hash)];
  await write(database, { statements, positions: 0 });
  return { nid, lineage: nid, path: [{ nid, index: ROOT_INDEX }], hash };
}
