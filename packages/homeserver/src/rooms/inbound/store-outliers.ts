import { authEventIds, createEventIdOf } from '@soma/protocol';
import type { AuthEvent, RoomVersion } from '@soma/protocol';

import { write } from '../../storage/database.ts';
import { Turns } from '../../streams/turns.ts';
import { EventFlag, insertEventsStatements } from '../event-store.ts';
import type { NewEventRow } from '../event-store.ts';
import { readGraphRows } from '../graph-store.ts';
import type { GraphRow } from '../graph-store.ts';
import { internEventIds } from '../intern-event-ids.ts';
import type { PreparedEvent } from '../prepared-event.ts';
import { readAuthEvents } from './auth-state.ts';
import type { CheckedPdu } from './check-pdu.ts';
import type { InboundContext } from './inbound-context.ts';
import { internEvent, internNames } from './intern-event.ts';
import { judgeByAuthEvents } from './judge-event.ts';
import { outliersPerChange } from './limits.ts';
import { orderByAuth } from './order-by-auth.ts';

/** An event that is stored, as an outlier or with a place that it had before. */
export interface StoredOutlier {
  readonly checked: CheckedPdu;
  readonly eventNid: number;
  /** The auth rule that it breaks. */
  readonly rejectedBy: string | undefined;
}

interface Judged {
  readonly checked: CheckedPdu;
  readonly rejectedBy: string | undefined;
}

/**
 * Judges events by their auth events and stores them without a place in the room's history. One whose auth events are
 * neither stored nor among these is left out, and one that has the ID of another room's event.
 */
export async function storeOutliers(
  context: InboundContext,
  roomNid: number,
  version: RoomVersion,
  events: readonly CheckedPdu[],
): Promise<Map<string, StoredOutlier>> {
  const { rooms } = context;
  const ids = new Set<string>(createIdsOf(version, events));
  const turns = new Turns();
  for (const { eventId, pdu } of events) {
    for (const id of [eventId, ...authEventIds(pdu)]) ids.add(id);
    await turns.next();
  }
  const rows = await readGraphRows(rooms.database.reader, ids);
  const stored = new Map<string, StoredOutlier>();
  for (const checked of events) {
    const row = rows.get(checked.eventId);
    if (row?.room_nid === roomNid) stored.set(checked.eventId, alreadyStored(checked, row));
    await turns.next();
  }
  const nids = new Map([...rows].map(([id, row]) => [id, row.event_nid]));
  const judged = await judgeAll(context, version, events, nids);
  await storeAll(context, roomNid, judged, nids, stored);
  return stored;
}

/** In batches, of which one is interned while the one before it is stored. */
async function storeAll(
  context: InboundContext,
  roomNid: number,
  judged: readonly Judged[],
  nids: Map<string, number>,
  stored: Map<string, StoredOutlier>,
): Promise<void> {
  const { rooms } = context;
  let storing = Promise.resolve();
  try {
    for (let start = 0; start < judged.length; start += outliersPerChange) {
      const batch = judged.slice(start, start + outliersPerChange);
      const events = batch.map(({ checked }) => checked);
      const ids = events.map(({ eventId }) => eventId);
      const [interned] = await Promise.all([
        internEventIds(rooms, ids),
        internNames(rooms, events),
      ]);
      for (const [id, nid] of interned) nids.set(id, nid);
      await storing;
      // In the room's queue: an event is stored once, whichever way it comes.
      storing = rooms.heads.run(roomNid, () => storeBatch(context, roomNid, batch, nids, stored));
      storing.catch(() => undefined);
    }
  } finally {
    await storing;
  }
}

/** Where events stand on the create event without naming it. */
function createIdsOf(version: RoomVersion, events: readonly CheckedPdu[]): string[] {
  const [first] = events;
  return version.createIsAuthEvent || first === undefined ? [] : [createEventIdOf(first.roomId)];
}

/** @param nids of the events that are stored */
async function judgeAll(
  { rooms }: InboundContext,
  version: RoomVersion,
  events: readonly CheckedPdu[],
  nids: ReadonlyMap<string, number>,
): Promise<Judged[]> {
  const turns = new Turns();
  const known = new Map<string, AuthEvent>();
  const knownNids = [...nids.values()];
  for (let start = 0; start < knownNids.length; start += outliersPerChange) {
    const piece = knownNids.slice(start, start + outliersPerChange);
    for (const event of await readAuthEvents(rooms.database.reader, piece, version)) {
      known.set(event.eventId, event);
    }
    await turns.next();
  }
  const [createId = ''] = createIdsOf(version, events);
  const judged: Judged[] = [];
  const fresh = events.filter(({ eventId }) => !known.has(eventId));
  for (const checked of await orderByAuth(fresh, (id) => known.has(id))) {
    const authEvents = authEventIds(checked.pdu).flatMap((id) => known.get(id) ?? []);
    const event = { ...checked.pdu, eventId: checked.eventId };
    const create = known.get(createId);
    const verdict = judgeByAuthEvents(rooms, { version }, event, authEvents, create);
    known.set(checked.eventId, verdict === undefined ? event : { ...event, rejected: true });
    judged.push({ checked, rejectedBy: verdict?.rule });
    await turns.next();
  }
  return judged;
}

async function storeBatch(
  { rooms }: InboundContext,
  roomNid: number,
  batch: readonly Judged[],
  nids: ReadonlyMap<string, number>,
  stored: Map<string, StoredOutlier>,
): Promise<void> {
  const ids = batch.map(({ checked }) => checked.eventId);
  const rows = await readGraphRows(rooms.database.reader, ids);
  const fresh = await Promise.all(
    batch.map(async ({ checked, rejectedBy }): Promise<NewEventRow[]> => {
      const row = rows.get(checked.eventId);
      if (row !== undefined && row.room_nid !== roomNid) return [];
      const eventNid = nids.get(checked.eventId) ?? 0;
      const outlier =
        row === undefined ? { checked, eventNid, rejectedBy } : alreadyStored(checked, row);
      stored.set(checked.eventId, outlier);
      if (row !== undefined) return [];
      const authEventNids = authEventIds(checked.pdu).flatMap((id) => nids.get(id) ?? []);
      const parents = { prevEventNids: [], authEventNids };
      const event = await internEvent(rooms, roomNid, checked, eventNid, parents);
      return [outlierRow(event, rejectedBy)];
    }),
  );
  const statements = insertEventsStatements(fresh.flat());
  await write(rooms.database, { statements, positions: 0 });
}

function alreadyStored(checked: CheckedPdu, row: GraphRow): StoredOutlier {
  const isRejected = (row.flags & EventFlag.rejected) !== 0;
  const rejectedBy = isRejected ? (row.rejected_by ?? '') : undefined;
  return { checked, eventNid: row.event_nid, rejectedBy };
}

function outlierRow(event: PreparedEvent, rejectedBy: string | undefined): NewEventRow {
  const { pdu, eventId } = event.built;
  return {
    eventNid: event.eventNid,
    eventId,
    roomNid: event.roomNid,
    typeNid: event.typeNid,
    stateKeyNid: event.stateKeyNid,
    senderNid: event.senderNid,
    depth: pdu.depth,
    originServerTs: pdu.origin_server_ts,
    order: null,
    stateBefore: null,
    stateAfter: null,
    flags: EventFlag.outlier | (rejectedBy === undefined ? 0 : EventFlag.rejected),
    rejectedBy: rejectedBy ?? null,
    deviceNid: null,
    transactionId: null,
    json: event.json,
    prevEventNids: [],
    authEventNids: event.authEventNids,
  };
}
