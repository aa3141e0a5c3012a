import type { ResolutionEvent } from '@soma/protocol';

import { extremityOf, headEntryOf } from '../event-place.ts';
import type { EventPlace, NewState } from '../event-place.ts';
import { referenceFromJson } from '../event-reference.ts';
import { readEvents } from '../event-store.ts';
import type { HeadEntry } from '../head-entry.ts';
import type { PreparedEvent } from '../prepared-event.ts';
import type { RoomHead } from '../room-head.ts';
import type { Rooms } from '../rooms.ts';
import { NO_STATE_CHANGES } from '../state-change.ts';
import type { StateChange } from '../state-change.ts';
import type { PairChange } from '../state-hash.ts';
import { toStoredEvent } from '../stored-event.ts';
import { entryOf, mergeStates, storedState, withStateEvent } from './state-references.ts';
import type { StateReference } from './state-references.ts';
import { differencesOf } from './states.ts';

/** An event that is to take its place. */
export interface EventToPlace {
  readonly event: PreparedEvent;
  /** The state before it. */
  readonly before: StateReference;
  readonly verdict: 'accepted' | 'soft-failed' | 'rejected';
  /** Whether it is no end of the room: an accepted event that came earlier stands on it, or one that is on its way. */
  readonly hasChild: boolean;
}

/** Finds the state after an event, and the room's end with it. */
export async function placeEvent(
  rooms: Rooms,
  head: RoomHead,
  toPlace: EventToPlace,
): Promise<EventPlace> {
  const { event, before, verdict, hasChild } = toPlace;
  const remaining = head.extremities.filter(
    ({ eventNid }) => !event.prevEventNids.includes(eventNid),
  );
  const isOnlyEnd = verdict === 'accepted' && !hasChild && remaining.length === 0;
  const after = await stateAfter(rooms, head, toPlace, isOnlyEnd);
  const statements = [...before.statements, ...(after === before ? [] : after.statements)];
  const place = {
    stateBefore: before.snapshot.nid,
    stateAfter: after === before ? null : after.snapshot.nid,
  };
  if (verdict !== 'accepted') return { ...place, statements, end: undefined };
  // A room has an end, also where events stand on each other: before version 3 their servers choose their IDs.
  const isEnd = !hasChild || remaining.length === 0;
  const own = isEnd ? [extremityOf(event, after.snapshot.nid)] : [];
  const extremities = [...remaining, ...own];
  if (sameStates(head.extremities, extremities)) {
    return { ...place, statements, end: { extremities, state: undefined } };
  }
  const others = await Promise.all(
    remaining.map((one) => storedState(rooms, head, one.stateAfter)),
  );
  const references = isEnd ? [...others, after] : others;
  const current = await mergeStates(rooms, head, references, unstoredOf(event));
  const isStored = current === after || current === before;
  const end = { extremities, state: await newState(rooms, head, toPlace, current, after) };
  return {
    ...place,
    statements: isStored ? statements : [...statements, ...current.statements],
    end,
  };
}

/** Whether the same states are to be resolved as before. */
function sameStates(before: RoomHead['extremities'], after: RoomHead['extremities']): boolean {
  const left = new Set(before.map((one) => one.stateAfter));
  const right = new Set(after.map((one) => one.stateAfter));
  return left.size === right.size && [...left].every((nid) => right.has(nid));
}

/** The state before it, unless it is a state event that counts. */
async function stateAfter(
  rooms: Rooms,
  head: RoomHead,
  { event, before, verdict }: EventToPlace,
  isOnlyEnd: boolean,
): Promise<StateReference> {
  const { stateKeyNid, eventNid } = event;
  if (stateKeyNid === null || verdict === 'rejected') return before;
  // The lineage of the current state is left to what comes after the room's end.
  const isBesideHead = before.snapshot.nid === head.snapshot.nid && !isOnlyEnd;
  const change = { stateKeyNid, eventNid, startsLineage: isBesideHead };
  return withStateEvent(rooms, head.roomNid, before, change);
}

/** The event as resolution reads it: it is not in the database yet. */
function unstoredOf(event: PreparedEvent): ResolutionEvent | undefined {
  const { pdu, eventId } = event.built;
  if (event.stateKeyNid === null || pdu.state_key === undefined) return undefined;
  return {
    ...pdu,
    state_key: pdu.state_key,
    eventId,
    nid: event.eventNid,
    stateKeyNid: event.stateKeyNid,
    authEventNids: event.authEventNids,
  };
}

async function newState(
  rooms: Rooms,
  head: RoomHead,
  { event, before }: EventToPlace,
  current: StateReference,
  after: StateReference,
): Promise<NewState | undefined> {
  if (current.snapshot.nid === head.snapshot.nid) return undefined;
  // Its own snapshot may be the next one in the lineage of the state that prevails.
  const isFollowed =
    after.snapshot.nid !== current.snapshot.nid &&
    after.snapshot.lineage === current.snapshot.lineage;
  const differences =
    current === after && before.snapshot.nid === head.snapshot.nid
      ? await ownDifference(rooms, before, event)
      : differencesOf(await rooms.states.read(head.snapshot.nid), await current.state());
  return {
    snapshot: current.snapshot,
    isLast: current.isLast && !isFollowed,
    changes:
      differences.length === 0
        ? NO_STATE_CHANGES
        : await describeChanges(rooms, head, event, differences),
  };
}

/** What the event changes of the state before it. */
async function ownDifference(
  rooms: Rooms,
  before: StateReference,
  { stateKeyNid, eventNid }: PreparedEvent,
): Promise<PairChange[]> {
  if (stateKeyNid === null) return [];
  const replaced = await entryOf(rooms.database.reader, before, stateKeyNid);
  return [{ stateKeyNid, before: replaced, after: eventNid }];
}

/** Loads what the changes are about. */
async function describeChanges(
  rooms: Rooms,
  head: RoomHead,
  event: PreparedEvent,
  differences: readonly PairChange[],
): Promise<StateChange[]> {
  const nids = differences.flatMap(({ before, after }) => [before ?? [], after ?? []].flat());
  const rows = await readEvents(rooms.database.reader, [...new Set(nids)]);
  const entries = new Map<number, HeadEntry>();
  for (const row of rows) {
    const { pdu } = toStoredEvent(row, head.version);
    const { type, state_key: stateKey = '', sender, content } = pdu;
    entries.set(row.event_nid, {
      eventNid: row.event_nid,
      stateKeyNid: row.state_key_nid ?? 0,
      event: { eventId: row.event_id, type, state_key: stateKey, sender, content },
      reference: referenceFromJson(row.json, row.event_id, head.version),
    });
  }
  if (event.stateKeyNid !== null) {
    entries.set(event.eventNid, headEntryOf(event, event.stateKeyNid));
  }
  const entry = (nid: number | undefined): HeadEntry | undefined => {
    const found = nid === undefined ? undefined : entries.get(nid);
    if (nid !== undefined && found === undefined) throw new Error(`event ${nid} is missing`);
    return found;
  };
  const changes: StateChange[] = [];
  for (const { stateKeyNid, before, after } of differences) {
    const { type, stateKey } = await rooms.names.stateKeys.pair(stateKeyNid);
    const typeNid = await rooms.names.eventTypes.intern(type);
    const of = { type, stateKey, typeNid, stateKeyNid };
    changes.push({ ...of, before: entry(before), after: entry(after) });
  }
  return changes;
}
