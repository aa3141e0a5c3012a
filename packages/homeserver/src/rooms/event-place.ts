import type { Statement } from '../storage/sql.ts';
import type { HeadEntry } from './head-entry.ts';
import type { PreparedEvent } from './prepared-event.ts';
import type { Extremity, RoomHead } from './room-head.ts';
import type { StateChange } from './state-change.ts';
import { hashAfter } from './state-hash.ts';
import { insertSnapshotStatements, nextSnapshot } from './state-store.ts';
import type { Snapshot } from './state-store.ts';

/** What the checks said of an event (SS API, "Checks performed on receipt of a PDU"). */
export type EventVerdict =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'soft-failed' }
  | { readonly kind: 'rejected'; readonly rule: string };

/** Where an event stands in the graph, and what the room's end is after it. */
export interface EventPlace {
  /** The snapshot of the state before it. */
  readonly stateBefore: number;
  /** The snapshot after a state event that counts in state; null for all others, whose state is that before them. */
  readonly stateAfter: number | null;
  /** The snapshots that are new. */
  readonly statements: readonly Statement[];
  /** The room's end after it; undefined where it stays as it is. */
  readonly end: RoomEnd | undefined;
}

export interface RoomEnd {
  readonly extremities: readonly Extremity[];
  /** Undefined where the current state stays as it is. */
  readonly state: NewState | undefined;
}

export interface NewState {
  readonly snapshot: Snapshot;
  /** Whether no other snapshot comes after this one in its lineage. */
  readonly isLast: boolean;
  readonly changes: readonly StateChange[];
}

/**
 * The place of an accepted event whose prev events are the head's extremities.
 *
 * @param snapshotNid for a state event: the number of the snapshot that it makes
 */
export function placeOnHead(
  head: RoomHead,
  event: PreparedEvent,
  snapshotNid: number | undefined,
  snapshotKey: Uint8Array,
): EventPlace {
  const before = head.snapshot;
  if (event.stateKeyNid === null || snapshotNid === undefined) {
    const extremities = [extremityOf(event, before.nid)];
    const end = { extremities, state: undefined };
    return { stateBefore: before.nid, stateAfter: null, statements: [], end };
  }
  const change = stateChangeBy(head, event, event.stateKeyNid);
  const hash = hashAfter(snapshotKey, before.hash, [
    {
      stateKeyNid: event.stateKeyNid,
      before: change.before?.eventNid,
      after: event.eventNid,
    },
  ]);
  const next = nextSnapshot(before, snapshotNid, hash, !head.isLast);
  return {
    stateBefore: before.nid,
    stateAfter: snapshotNid,
    statements: insertSnapshotStatements(head.roomNid, next, [[event.stateKeyNid, event.eventNid]]),
    end: {
      extremities: [extremityOf(event, snapshotNid)],
      state: { snapshot: next.snapshot, isLast: true, changes: [change] },
    },
  };
}

export function extremityOf(event: PreparedEvent, stateAfter: number): Extremity {
  const { eventId, pdu, reference } = event.built;
  return { eventNid: event.eventNid, eventId, depth: pdu.depth, reference, stateAfter };
}

function stateChangeBy(head: RoomHead, event: PreparedEvent, stateKeyNid: number): StateChange {
  const { type, state_key: stateKey = '' } = event.built.pdu;
  const { typeNid } = event;
  const after = headEntryOf(event, stateKeyNid);
  return { type, stateKey, typeNid, stateKeyNid, before: head.get(type, stateKey), after };
}

/** A state event as an entry of the current state. */
export function headEntryOf(event: PreparedEvent, stateKeyNid: number): HeadEntry {
  const { pdu, eventId, reference } = event.built;
  const { type, state_key: stateKey = '', sender, content } = pdu;
  return {
    eventNid: event.eventNid,
    stateKeyNid,
    event: { eventId, type, state_key: stateKey, sender, content },
    reference,
  };
}
