import type { StateKey } from '../auth-rules/auth-event-keys.ts';
import type { EventToAuthorise } from '../auth-rules/types.ts';
import type { SignatureVerifier } from '../events/types.ts';
import type { RoomVersion } from '../room-versions/types.ts';

/** Integers that the caller has given to events or to state keys; at most 2^53 − 1. */
export type Nids = readonly number[] | Int32Array | Uint32Array | Float64Array;

/**
 * A set of state as two parallel arrays: `eventNids[i]` is the event under `keyNids[i]`. The keys ascend and none comes
 * twice. Both are integers that the caller has given to (type, state key) pairs and to events. Typed arrays are quickest.
 */
export interface CompactState {
  readonly keyNids: Nids;
  readonly eventNids: Nids;
}

/** A set of state, by state key. A map is sorted first; who has a large state passes it compactly. */
export type StateSet = CompactState | ReadonlyMap<number, number>;

/** What state resolution reads of an event. */
export interface ResolutionEvent extends EventToAuthorise {
  readonly nid: number;
  /** The integer of its type and state key, the same as in the sets of state. */
  readonly stateKeyNid: number;
  readonly state_key: string;
  /** Its `auth_events`, in the event's own order. */
  readonly authEventNids: Nids;
  /** Only room version 1 reads it. */
  readonly depth: number;
  /** Milliseconds since the Unix epoch, as the event claims. */
  readonly origin_server_ts: number;
}

/**
 * Where a resolution reads from. Each question is a batch without duplicates, and the answer has one entry for each
 * of its items, in the same order; undefined stands for what is not known.
 */
export interface ResolutionSource {
  /** The `auth_events` of each event. Asked for whole auth chains, so keep it light. */
  authEvents(eventNids: readonly number[]): Answer<Nids>;
  /** The events themselves: those in conflict and what authorises them. */
  events(eventNids: readonly number[]): Answer<ResolutionEvent>;
  /** The integers of (type, state key) pairs. Never interns: undefined when no event has that key. */
  stateKeys(keys: readonly StateKey[]): Answer<number>;
}

/** One entry per item of the question, now or later. */
export type Answer<Item> =
  | readonly (Item | undefined)[]
  | PromiseLike<readonly (Item | undefined)[]>;

/** A source that has everything in memory. */
export interface MemorySource extends ResolutionSource {
  authEvents(eventNids: readonly number[]): readonly (Nids | undefined)[];
  events(eventNids: readonly number[]): readonly (ResolutionEvent | undefined)[];
  stateKeys(keys: readonly StateKey[]): readonly (number | undefined)[];
}

/** The states, split into what they share and what they do not. */
export interface PartitionedState {
  /** The entries that every set has (spec: "Unconflicted state map"). */
  readonly unconflicted: CompactState;
  /** The distinct events under each other key, in ascending order of the keys. */
  readonly conflicts: ReadonlyMap<number, readonly number[]>;
  /** Per set of state, its events that not every set has. */
  readonly conflictedBySet: readonly (readonly number[])[];
}

/** Answers about the auth chains of a room without walking them: an `AuthChainIndex`, or a caller's own. */
export interface AuthReach {
  /**
   * The auth difference of the sets of state, without the events in conflict themselves. An event counts as part of its own
   * auth chain. Undefined when an event is not known.
   */
  difference(partitioned: PartitionedState): readonly number[] | undefined;
  /** The events on all paths of auth events between two of these, these included. Undefined as above. */
  subgraph(inConflict: readonly number[]): readonly number[] | undefined;
}

/** What is to be resolved. */
export interface ResolutionQuestion {
  readonly roomVersion: RoomVersion;
  /** The states to be resolved, such as those after each of an event's `prev_events`; any number, in any order. */
  readonly stateSets: readonly StateSet[];
  /**
   * The room's create event, for room versions whose events do not list it in `auth_events` (12 and later).
   * Without it nothing but a create event can be authorised there.
   */
  readonly createNid?: number;
  /** Answers for auth chains without walking them. Used when it covers all events of the sets. */
  readonly authChains?: AuthReach;
  /** The SHA-1 of a text's UTF-8 bytes in lower-case hexadecimal digits: the tie-break of room version 1. */
  readonly sha1: (text: string) => string;
  /** Verifies third-party invites. Without it those in conflict are not allowed. */
  readonly verify?: SignatureVerifier;
}

/** A resolved state: the entries that all sets shared, and those that had to be resolved. Their keys are disjoint. */
export interface Resolution {
  readonly unconflicted: CompactState;
  /** Event by state key. A key that was in conflict and is absent here has no event any more. */
  readonly resolved: ReadonlyMap<number, number>;
  /**
   * Events that were needed and that the source does not know, ascending. They counted as events without auth events
   * that nobody may send. The result is the room's only when this is empty.
   */
  readonly missing: readonly number[];
}
