import type { CompactState, Pdu } from '@soma/protocol';

import { write } from '../../storage/database.ts';
import { Turns } from '../../streams/turns.ts';
import { readEvents } from '../event-store.ts';
import type { EventRow } from '../event-store.ts';
import type { HeadEntry } from '../head-entry.ts';
import type { ImportedMember, ImportedState } from '../imported-state.ts';
import type { Rooms } from '../rooms.ts';
import { rowsAtOnce } from './limits.ts';

type Entry = Pick<HeadEntry, 'event'>;

/** A whole state as the projections take it over. */
export async function wholeStateOf(
  rooms: Rooms,
  roomNid: number,
  snapshotNid: number,
  state: CompactState,
): Promise<ImportedState> {
  const members: ImportedMember[] = [];
  const others = new Map<string, Entry>();
  const turns = new Turns();
  for (let start = 0; start < state.eventNids.length; start += rowsAtOnce) {
    const nids = [...state.eventNids.slice(start, start + rowsAtOnce)];
    const rows = await readEvents(rooms.database.reader, nids);
    const found = rows.flatMap((row) => entryOf(row, others));
    await turns.next();
    await rooms.names.users.internAll(found.map(({ userId }) => userId));
    for (const member of found) {
      members.push({ ...member, userNid: await rooms.names.users.intern(member.userId) });
    }
    await turns.next();
  }
  return {
    roomNid,
    snapshotNid,
    joined: undefined,
    members,
    get: (type, stateKey) => others.get(`${type}\n${stateKey}`),
    stage: async (statements) => {
      await write(rooms.database, { statements, positions: 0 });
    },
  };
}

/** Adds an entry, and gives the member that it may be. */
function entryOf(row: EventRow, entries: Map<string, Entry>): Omit<ImportedMember, 'userNid'>[] {
  const pdu: Pdu = JSON.parse(row.json);
  const { type, state_key: stateKey = '', sender, content } = pdu;
  const event = { eventId: row.event_id, type, state_key: stateKey, sender, content };
  entries.set(`${type}\n${stateKey}`, { event });
  if (type !== 'm.room.member') return [];
  return [{ userId: stateKey, eventNid: row.event_nid, sender, content }];
}
