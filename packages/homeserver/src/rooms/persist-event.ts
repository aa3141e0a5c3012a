import type { Pdu } from '@soma/protocol';

import type { Change, Guard, Touch } from '../storage/change.ts';
import { ChangeKind } from '../storage/change.ts';
import { positionAt } from '../storage/sql.ts';
import type { PositionRef, SqlParam, Statement } from '../storage/sql.ts';
import { isDummyEvent } from './dummy-event.ts';
import type { EventPlace, EventVerdict, NewState } from './event-place.ts';
import {
  EventFlag,
  insertEventStatements,
  moveExtremities,
  redactionStatements,
} from './event-store.ts';
import type { EventRow } from './event-store.ts';
import { placeOutlierStatements } from './graph-store.ts';
import type { HeadEntry } from './head-entry.ts';
import type { PreparedEvent } from './prepared-event.ts';
import type { Extremity, RoomHead } from './room-head.ts';
import { NO_STATE_CHANGES } from './state-change.ts';
import { insertRoomStatement, putHeadStatement, stateChangeStatements } from './state-store.ts';

/** An event with its verdict and its place, ready to take it. */
export interface EventToPersist {
  readonly event: PreparedEvent;
  readonly verdict: EventVerdict;
  readonly place: EventPlace;
  /** The event that this one redacts, where it may. */
  readonly redacts?: EventRow | undefined;
  /** What the database has of it already: its ID, or an outlier. */
  readonly known?: 'id' | 'outlier' | undefined;
  /** Of an event of the past: its place in the order of arrival, below 0. */
  readonly pastOrder?: number | undefined;
  /** Whether a redaction of it came before it. */
  readonly isRedacted?: boolean | undefined;
  /** Whether it was checked against partial state only. */
  readonly isPartial?: boolean | undefined;
}

/** What persisting adds to the change that the caller submits. */
export interface RoomChange {
  readonly statements: Statement[];
  readonly touches: Touch[];
  readonly guards: Guard[];
  positions: number;
}

/**
 * The only writer of the room graph: adds the event's rows to `change`, and moves the head past it, so that the next
 * event can build on this one before it is committed.
 */
export function persistEvent(head: RoomHead, toPersist: EventToPersist, change: RoomChange): void {
  if (toPersist.pastOrder !== undefined) {
    persistPast(head, toPersist, toPersist.pastOrder, change);
    return;
  }
  const { event, verdict, place, redacts, isRedacted = false } = toPersist;
  const order = positionAt(change.positions);
  change.positions += 1;
  insertEvent(
    head.partial === undefined ? toPersist : { ...toPersist, isPartial: true },
    order,
    change,
  );
  change.statements.push(...place.statements);
  if (change.touches.length === 0) {
    change.touches.push({ kind: ChangeKind.room, subject: event.roomNid });
  }
  if (verdict.kind !== 'accepted') return;

  if (redacts !== undefined) {
    change.statements.push(...redactionStatements(redacts.event_nid, event.eventNid));
  }
  if (place.end !== undefined) {
    moveHead(head, event, place.end.extremities, change);
    if (place.end.state !== undefined) takeState(head, event, place.end.state, order, change);
  }
  const redactedState = redacts === undefined ? undefined : redactState(head, redacts);
  const stateChanges = place.end?.state?.changes ?? NO_STATE_CHANGES;
  const projected = { event, order, stateChanges, redacts, isRedacted, redactedState };
  for (const projection of head.projections) projection.project(projected, change);
}

/**
 * What other servers have had before takes no position: nobody who follows the log hears of it. An end that it stands on is
 * none any more, unless that changes the current state: this is left to the next event.
 */
function persistPast(
  head: RoomHead,
  toPersist: EventToPersist,
  order: number,
  change: RoomChange,
): void {
  const { event, verdict, place, redacts } = toPersist;
  insertEvent(toPersist, order, change);
  change.statements.push(...place.statements);
  if (verdict.kind !== 'accepted') return;
  const { end } = place;
  if (end !== undefined && end.state === undefined) {
    moveHead(head, event, end.extremities, change);
  }
  if (redacts !== undefined) {
    change.statements.push(...redactionStatements(redacts.event_nid, event.eventNid));
    redactState(head, redacts);
  }
  const past = { event, order, redacts };
  for (const projection of head.projections) projection.projectPast?.(past, change);
}

/** Adds the event's own rows. */
export function insertEvent(toPersist: EventToPersist, order: SqlParam, change: RoomChange): void {
  const { event, verdict, place, known } = toPersist;
  const { pdu, eventId } = event.built;
  const placed = {
    order,
    stateBefore: place.stateBefore,
    stateAfter: place.stateAfter,
    flags: flagsOf(toPersist),
    rejectedBy: verdict.kind === 'rejected' ? verdict.rule : null,
  };
  if (known === 'outlier') {
    change.statements.push(...placeOutlierStatements(event.eventNid, placed, event.prevEventNids));
    return;
  }
  const statements = insertEventStatements({
    eventNid: event.eventNid,
    eventId,
    roomNid: event.roomNid,
    typeNid: event.typeNid,
    stateKeyNid: event.stateKeyNid,
    senderNid: event.senderNid,
    depth: pdu.depth,
    originServerTs: pdu.origin_server_ts,
    ...placed,
    deviceNid: event.origin?.deviceNid ?? null,
    transactionId: event.origin?.transactionId ?? null,
    json: event.json,
    prevEventNids: event.prevEventNids,
    authEventNids: event.authEventNids,
  });
  change.statements.push(...(known === 'id' ? statements.slice(1) : statements));
}

/** The redacted event may be current state; the caller has loaded that entry of the head. */
function redactState(head: RoomHead, redacted: EventRow): HeadEntry | undefined {
  const { type, state_key: stateKey }: Pdu = JSON.parse(redacted.json);
  return stateKey === undefined ? undefined : head.redact(type, stateKey, redacted.event_nid);
}

function flagsOf({
  event,
  verdict,
  isRedacted = false,
  isPartial = false,
}: EventToPersist): number {
  const known =
    (isRedacted ? EventFlag.redacted : 0) |
    (isPartial ? EventFlag.partialState : 0) |
    (isDummyEvent(event.built.pdu) ? EventFlag.dummy : 0);
  if (verdict.kind === 'rejected') return known | EventFlag.rejected;
  return verdict.kind === 'soft-failed' ? known | EventFlag.softFailed : known;
}

/** The accepted event is one of the room's new ends, or stands behind one already. */
function moveHead(
  head: RoomHead,
  event: PreparedEvent,
  extremities: readonly Extremity[],
  change: RoomChange,
): void {
  const isIn = (list: readonly Extremity[], nid: number): boolean =>
    list.some(({ eventNid }) => eventNid === nid);
  const replaced = head.extremities.filter(({ eventNid }) => !isIn(extremities, eventNid));
  change.statements.push(
    ...moveExtremities(
      head.roomNid,
      isIn(extremities, event.eventNid) ? event.eventNid : undefined,
      replaced.map(({ eventNid }) => eventNid),
    ),
  );
  head.extremities = extremities;
}

/** Writes the new current state: its differences, and which snapshot it is. */
function takeState(
  head: RoomHead,
  event: PreparedEvent,
  { snapshot, isLast, changes }: NewState,
  order: PositionRef,
  change: RoomChange,
): void {
  if (event.built.pdu.type === 'm.room.create' && head.snapshot.nid === 0) {
    change.statements.push(insertRoomStatement(head.roomNid, head.version.id, event.eventNid));
  }
  for (const { type, stateKey, typeNid, stateKeyNid, before, after } of changes) {
    change.statements.push(
      ...stateChangeStatements(
        head.roomNid,
        order,
        typeNid,
        stateKeyNid,
        before?.eventNid ?? null,
        after?.eventNid ?? null,
      ),
    );
    if (after === undefined) head.remove(type, stateKey);
    else head.put(after);
  }
  change.statements.push(putHeadStatement(head.roomNid, snapshot.nid));
  head.snapshot = snapshot;
  head.isLast = isLast;
}

/** An empty change to add to. */
export function emptyRoomChange(): RoomChange {
  return { statements: [], touches: [], guards: [], positions: 0 };
}

/** The change as the writer takes it. */
export function toChange(change: RoomChange, head: RoomHead): Change {
  return { ...change, buildsOn: head.lastChange?.serial };
}
