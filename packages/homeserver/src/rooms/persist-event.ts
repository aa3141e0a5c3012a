import { hash } from 'node:crypto';

import type { Pdu } from '@soma/protocol';

import type { Change, Guard, Touch } from '../storage/change.ts';
import { ChangeKind } from '../storage/change.ts';
import { positionAt } from '../storage/sql.ts';
import type { Statement } from '../storage/sql.ts';
import {
  EventFlag,
  insertEventStatements,
  moveExtremities,
  redactionStatements,
} from './event-store.ts';
import type { EventRow } from './event-store.ts';
import type { HeadEntry } from './head-entry.ts';
import type { PreparedEvent } from './prepared-event.ts';
import type { RoomHead } from './room-head.ts';
import {
  insertRoomStatement,
  insertSnapshotStatements,
  nextSnapshot,
  putHeadStatement,
  stateChangeStatements,
} from './state-store.ts';

/** What the checks said of an event (SS API, "Checks performed on receipt of a PDU"). */
export type EventVerdict =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'soft-failed' }
  | { readonly kind: 'rejected'; readonly rule: string };

/** An event with its verdict, ready to take its place. */
export interface EventToPersist {
  readonly event: PreparedEvent;
  readonly verdict: EventVerdict;
  /** The event that this one redacts, where it may. */
  readonly redacts?: EventRow | undefined;
  /** For a state event: the number of the snapshot that it makes. */
  readonly snapshotNid?: number | undefined;
}

/** What persisting adds to the change that the caller submits. */
export interface RoomChange {
  readonly statements: Statement[];
  readonly touches: Touch[];
  readonly guards: Guard[];
  positions: number;
}

/**
 * The only writer of the room graph: adds the events' rows to `change`, in order, and moves the head past
 * them, so that the next event can build on these before they are committed.
 */
export function persistEvents(
  head: RoomHead,
  events: readonly EventToPersist[],
  change: RoomChange,
  snapshotKey: Uint8Array,
): void {
  for (const each of events) persistEvent(head, each, change, snapshotKey);
}

function persistEvent(
  head: RoomHead,
  { event, verdict, redacts, snapshotNid }: EventToPersist,
  change: RoomChange,
  snapshotKey: Uint8Array,
): void {
  const order = positionAt(change.positions);
  change.positions += 1;
  const { pdu, eventId } = event.built;
  change.statements.push(
    ...insertEventStatements({
      eventNid: event.eventNid,
      eventId,
      roomNid: event.roomNid,
      typeNid: event.typeNid,
      stateKeyNid: event.stateKeyNid,
      senderNid: event.senderNid,
      depth: pdu.depth,
      originServerTs: pdu.origin_server_ts,
      order,
      stateBefore: head.snapshot.nid,
      flags: flagsOf(verdict),
      rejectedBy: verdict.kind === 'rejected' ? verdict.rule : null,
      deviceNid: event.origin?.deviceNid ?? null,
      transactionId: event.origin?.transactionId ?? null,
      json: event.json,
      prevEventNids: event.prevEventNids,
      authEventNids: event.authEventNids,
    }),
  );
  if (change.touches.length === 0) {
    change.touches.push({ kind: ChangeKind.room, subject: event.roomNid });
  }
  if (verdict.kind !== 'accepted') return;

  if (redacts !== undefined) {
    change.statements.push(...redactionStatements(redacts.event_nid, event.eventNid));
  }
  moveHead(head, event, change);
  const replaces = pdu.state_key === undefined ? undefined : head.get(pdu.type, pdu.state_key);
  if (event.stateKeyNid !== null && snapshotNid !== undefined) {
    takeState(head, event, event.stateKeyNid, snapshotNid, replaces, change, snapshotKey);
  }
  const redactedState = redacts === undefined ? undefined : redactState(head, redacts);
  const projected = { event, order, replaces, redacts, redactedState };
  for (const projection of head.projections) projection.project(projected, change);
}

/** The redacted event may be current state; the caller has loaded that entry of the head. */
function redactState(head: RoomHead, redacted: EventRow): HeadEntry | undefined {
  const { type, state_key: stateKey }: Pdu = JSON.parse(redacted.json);
  return stateKey === undefined ? undefined : head.redact(type, stateKey, redacted.event_nid);
}

function flagsOf(verdict: EventVerdict): number {
  if (verdict.kind === 'rejected') return EventFlag.rejected;
  return verdict.kind === 'soft-failed' ? EventFlag.softFailed : 0;
}

/** The accepted event is the room's new end. */
function moveHead(head: RoomHead, event: PreparedEvent, change: RoomChange): void {
  const replaced = head.extremities.filter((one) => event.prevEventNids.includes(one.eventNid));
  const kept = head.extremities.filter((one) => !event.prevEventNids.includes(one.eventNid));
  change.statements.push(
    ...moveExtremities(
      head.roomNid,
      event.eventNid,
      replaced.map((one) => one.eventNid),
    ),
  );
  head.extremities = [
    ...kept,
    {
      eventNid: event.eventNid,
      eventId: event.built.eventId,
      depth: event.built.pdu.depth,
      reference: event.built.reference,
    },
  ];
}

/** Writes the new current state: snapshot, current entry, difference. */
function takeState(
  head: RoomHead,
  event: PreparedEvent,
  stateKeyNid: number,
  snapshotNid: number,
  replaces: HeadEntry | undefined,
  change: RoomChange,
  snapshotKey: Uint8Array,
): void {
  const { pdu, eventId } = event.built;
  if (pdu.type === 'm.room.create' && head.snapshot.nid === 0) {
    change.statements.push(insertRoomStatement(head.roomNid, head.version.id, event.eventNid));
  }
  const pairHash = (eventNid: number): number => hashPair(snapshotKey, stateKeyNid, eventNid);
  const added = head.snapshot.hash + pairHash(event.eventNid);
  const removed = replaces === undefined ? 0 : pairHash(replaces.eventNid);
  const next = nextSnapshot(head.snapshot, snapshotNid, modulo(added - removed));
  change.statements.push(
    ...insertSnapshotStatements(head.roomNid, next, stateKeyNid, event.eventNid),
    ...stateChangeStatements(
      head.roomNid,
      positionAt(change.positions - 1),
      event.typeNid,
      stateKeyNid,
      replaces?.eventNid ?? null,
      event.eventNid,
    ),
    putHeadStatement(head.roomNid, snapshotNid),
  );
  head.snapshot = next.snapshot;
  head.put({
    eventNid: event.eventNid,
    stateKeyNid,
    event: {
      eventId,
      type: pdu.type,
      state_key: pdu.state_key ?? '',
      sender: pdu.sender,
      content: pdu.content,
    },
    reference: event.built.reference,
  });
}

const HASH_BITS = 2 ** 48;

function modulo(value: number): number {
  return ((value % HASH_BITS) + HASH_BITS) % HASH_BITS;
}

/** One pair's part of the snapshot hash: keyed, so that nobody outside can make two states collide. */
export function hashPair(key: Uint8Array, stateKeyNid: number, eventNid: number): number {
  const input = Buffer.alloc(key.length + 16);
  input.set(key);
  input.writeDoubleLE(stateKeyNid, key.length);
  input.writeDoubleLE(eventNid, key.length + 8);
  return hash('sha256', input, 'buffer').readUIntLE(0, 6);
}

/** An empty change to add to. */
export function emptyRoomChange(): RoomChange {
  return { statements: [], touches: [], guards: [], positions: 0 };
}

/** The change as the writer takes it. */
export function toChange(change: RoomChange, head: RoomHead): Change {
  return { ...change, buildsOn: head.lastChange?.serial };
}
