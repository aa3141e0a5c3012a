import type { Pdu } from '@soma/protocol';

import { write } from '../../storage/database.ts';
import { readEventNid } from '../event-store.ts';
import { internEventIdStatements } from '../graph-store.ts';
import type { PreparedEvent } from '../prepared-event.ts';
import { relationOf } from '../relations/relation-of.ts';
import type { Rooms } from '../rooms.ts';
import type { CheckedPdu } from './check-pdu.ts';

/** The nids of the events that it stands on. */
export interface EventParents {
  readonly prevEventNids: readonly number[];
  readonly authEventNids: readonly number[];
}

/** Interns the names of a checked event. */
export async function internEvent(
  rooms: Rooms,
  roomNid: number,
  { pdu, eventId, roomId, reference, json }: CheckedPdu,
  eventNid: number,
  parents: EventParents,
): Promise<PreparedEvent> {
  const { names } = rooms;
  return {
    built: { pdu, eventId, roomId, reference },
    json,
    eventNid,
    roomNid,
    typeNid: await names.eventTypes.intern(pdu.type),
    stateKeyNid:
      pdu.state_key === undefined ? null : await names.stateKeys.intern(pdu.type, pdu.state_key),
    senderNid: await names.users.intern(pdu.sender),
    ...parents,
    origin: undefined,
    relation: await relationOf(rooms, { ...pdu, stateKey: pdu.state_key }),
  };
}

/** Interns the names of many events in few commits. */
export async function internNames({ names }: Rooms, events: readonly CheckedPdu[]): Promise<void> {
  const pairs = events.flatMap(({ pdu: { type, state_key: stateKey } }) =>
    stateKey === undefined ? [] : [{ type, stateKey }],
  );
  await Promise.all([
    names.eventTypes.internAll(events.map(({ pdu }) => pdu.type)),
    names.stateKeys.internAll(pairs),
    names.users.internAll(events.flatMap(({ pdu }) => usersIn(pdu))),
  ]);
}

function usersIn({ type, sender, state_key: stateKey }: Pdu): string[] {
  return type === 'm.room.member' && stateKey !== undefined ? [sender, stateKey] : [sender];
}

/** The nids of events by ID, interned by a commit of its own where they are new. */
export async function internEventIds(
  { database, eventNids }: Rooms,
  eventIds: readonly string[],
): Promise<Map<string, number>> {
  const nids = new Map<string, number>();
  const unknown: string[] = [];
  for (const eventId of new Set(eventIds)) {
    const nid = await readEventNid(database.reader, eventId);
    if (nid === undefined) unknown.push(eventId);
    else nids.set(eventId, nid);
  }
  if (unknown.length === 0) return nids;
  const statements = [];
  for (const eventId of unknown) {
    statements.push(...internEventIdStatements(eventId, await eventNids.next()));
  }
  const returning = unknown.map((_, index) => 2 * index + 1);
  const { rows } = await write(database, { statements, returning, positions: 0 });
  for (const [index, eventId] of unknown.entries()) {
    nids.set(eventId, Number(rows[index]?.[0]?.['event_nid']));
  }
  return nids;
}
