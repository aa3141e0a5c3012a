import { PREV_EVENTS_MAX, cappedDepth, redactContent } from '@soma/protocol';
import type { EventReference, RoomVersion } from '@soma/protocol';

import type { Submitted } from '../storage/change.ts';
import type { InternedNames } from '../storage/names-store.ts';
import type { Reader } from '../storage/sql.ts';
import { referenceFromJson } from './event-reference.ts';
import { readEvent } from './event-store.ts';
import type { HeadEntry } from './head-entry.ts';
import type { RoomProjection } from './room-projection.ts';
import { readCurrentStateKey, readCurrentStateOfType } from './state-store.ts';
import type { Snapshot } from './state-store.ts';
import { toStoredEvent } from './stored-event.ts';

export interface Extremity {
  readonly eventNid: number;
  readonly eventId: string;
  readonly depth: number;
  /** How other events name it. */
  readonly reference: EventReference;
  /** The snapshot after it. */
  readonly stateAfter: number;
}

/** What is known of a room whose members are still being learned after a join. */
export interface PartialHead {
  /** The snapshot of what was told of the state before the join. */
  readonly rootNid: number;
  /** The position of the join. */
  readonly position: number;
}

interface HeadStart {
  readonly roomNid: number;
  readonly roomId: string;
  readonly version: RoomVersion;
  readonly extremities: readonly Extremity[];
  readonly snapshot: Snapshot;
  readonly isLast: boolean;
  readonly partial?: PartialHead | undefined;
}

/**
 * A room's head in memory: accepted events that are not yet committed are part of it, so that the next event
 * builds on one that is still being fsynced (DATA-MODEL, "A room's queue keeps a head in memory").
 * Read and changed only inside the room's queue.
 */
export class RoomHead {
  readonly roomNid: number;
  /** Known from the start but for a room of version 12 that has no create event yet. */
  roomId: string;
  readonly version: RoomVersion;
  extremities: readonly Extremity[];
  /** The current state. */
  snapshot: Snapshot;
  /** Whether no other snapshot comes after it in its lineage. */
  isLast: boolean;
  /** Set while the room's state is known in part. */
  readonly partial: PartialHead | undefined;
  projections: readonly RoomProjection[] = [];
  /** The newest change that holds events of this room. */
  lastChange: Submitted | undefined;
  /** Changes that are submitted and not settled. */
  changesInFlight = 0;
  /** Current state as far as it was asked for; null where the room has no such entry. */
  readonly #state = new Map<string, HeadEntry | null>();
  readonly #authOfMessages = new Map<string, readonly HeadEntry[]>();
  readonly #reader: Reader;
  readonly #names: InternedNames;
  /** A new room: what is not in `#state` does not exist. */
  readonly #complete: boolean;

  constructor(start: HeadStart, reader: Reader, names: InternedNames, isNew: boolean) {
    this.roomNid = start.roomNid;
    this.roomId = start.roomId;
    this.version = start.version;
    this.extremities = start.extremities;
    this.snapshot = start.snapshot;
    this.isLast = start.isLast;
    this.partial = start.partial;
    this.#reader = reader;
    this.#names = names;
    this.#complete = isNew;
  }

  /** The entry of current state; {@link load} must have been asked for it. */
  get(type: string, stateKey: string): HeadEntry | undefined {
    const found = this.#state.get(entryKey(type, stateKey));
    if (found === undefined && !this.#complete) {
      throw new Error(`the head of ${this.roomId} was not asked to load ${type}`);
    }
    return found ?? undefined;
  }

  /** Loads entries of current state; undefined when all are in memory. */
  load(keys: readonly (readonly [type: string, stateKey: string])[]): Promise<void> | undefined {
    if (this.#complete) return undefined;
    const missing = keys.filter(([type, stateKey]) => !this.#state.has(entryKey(type, stateKey)));
    return missing.length === 0 ? undefined : this.#loadAll(missing);
  }

  /** The state keys of a type that the current state may have entries of. */
  async stateKeysOf(type: string): Promise<readonly string[]> {
    const stateKeys = new Set<string>();
    for (const entry of this.#state.values()) {
      if (entry?.event.type === type) stateKeys.add(entry.event.state_key);
    }
    const typeNid = this.#complete ? undefined : await this.#names.eventTypes.find(type);
    if (typeNid === undefined) return [...stateKeys];
    for (const nid of (await readCurrentStateOfType(this.#reader, this.roomNid, typeNid)).keys()) {
      stateKeys.add((await this.#names.stateKeys.pair(nid)).stateKey);
    }
    return [...stateKeys];
  }

  /** The auth events of what is no state event depend on its sender alone, until the state changes. */
  authOfMessages(draft: {
    readonly stateKey?: string | undefined;
    readonly sender: string;
  }): readonly HeadEntry[] | undefined {
    return draft.stateKey === undefined ? this.#authOfMessages.get(draft.sender) : undefined;
  }

  keepAuthOfMessages(sender: string, entries: readonly HeadEntry[]): void {
    this.#authOfMessages.set(sender, entries);
  }

  /** Takes a new entry of current state. */
  put(entry: HeadEntry): void {
    this.#authOfMessages.clear();
    this.#state.set(entryKey(entry.event.type, entry.event.state_key), entry);
  }

  /** The current state has no such entry any more. */
  remove(type: string, stateKey: string): void {
    this.#authOfMessages.clear();
    this.#state.set(entryKey(type, stateKey), null);
  }

  /** Strips the state event, if it is current, of what a redaction takes; {@link load} must have been asked for it. */
  redact(type: string, stateKey: string, eventNid: number): HeadEntry | undefined {
    const entry = this.get(type, stateKey);
    if (entry?.eventNid !== eventNid) return undefined;
    const content = redactContent(type, entry.event.content, this.version);
    const redacted = { ...entry, event: { ...entry.event, content } };
    this.put(redacted);
    return redacted;
  }

  /**
   * The prev events of one that comes next: the room's ends. Where they are more than an event may have, it has the deepest,
   * which it follows in time, and the shallowest: where others go on making deeper ones, these would stay for ever.
   */
  get parents(): readonly Extremity[] {
    if (this.extremities.length <= PREV_EVENTS_MAX) return this.extremities;
    const byDepth = this.extremities.toSorted((a, b) => b.depth - a.depth);
    const half = PREV_EVENTS_MAX / 2;
    return [...byDepth.slice(0, half), ...byDepth.slice(-half)];
  }

  /** The depth of an event that comes next. */
  get nextDepth(): number {
    let depth = 0;
    for (const extremity of this.parents) depth = Math.max(depth, extremity.depth);
    return cappedDepth(depth + 1, this.version);
  }

  async #loadAll(keys: readonly (readonly [string, string])[]): Promise<void> {
    for (const [type, stateKey] of keys) {
      const entry = await this.#read(type, stateKey);
      const key = entryKey(type, stateKey);
      if (!this.#state.has(key)) this.#state.set(key, entry);
    }
  }

  async #read(type: string, stateKey: string): Promise<HeadEntry | null> {
    const typeNid = await this.#names.eventTypes.find(type);
    const stateKeyNid = await this.#names.stateKeys.find(type, stateKey);
    if (typeNid === undefined || stateKeyNid === undefined) return null;
    const eventNid = await readCurrentStateKey(this.#reader, this.roomNid, typeNid, stateKeyNid);
    if (eventNid === undefined) return null;
    const row = await readEvent(this.#reader, eventNid);
    if (row === undefined) throw new Error(`event ${eventNid} of ${this.roomId} is missing`);
    const { sender, content } = toStoredEvent(row, this.version).pdu;
    return {
      eventNid,
      stateKeyNid,
      event: { eventId: row.event_id, type, state_key: stateKey, sender, content },
      reference: referenceFromJson(row.json, row.event_id, this.version),
    };
  }
}

function entryKey(type: string, stateKey: string): string {
  return `${type}\n${stateKey}`;
}
