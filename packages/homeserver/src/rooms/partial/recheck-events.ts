import { authorise, parseUserId, serverNameOf } from '@soma/protocol';
import type { AuthEvent, Pdu, RoomVersion } from '@soma/protocol';

import { write } from '../../storage/database.ts';
import type { Statement } from '../../storage/sql.ts';
import { Turns } from '../../streams/turns.ts';
import { EventFlag, UNACCEPTED_FLAGS } from '../event-store.ts';
import { readAuthEdges } from '../graph-store.ts';
import { authStateOf, readAuthEvents } from '../inbound/auth-state.ts';
import { judgeByAuthEvents } from '../inbound/judge-event.ts';
import { entryOf, mergeStates, storedState, withStateEvent } from '../inbound/state-references.ts';
import type { RoomOfStates, StateReference } from '../inbound/state-references.ts';
import type { PartialEventRow, PartialRoom } from '../partial-room-store.ts';
import { namedPolicyServer } from '../policy/policy-server.ts';
import { isRecommended } from '../policy/policy-signature.ts';
import type { Rooms } from '../rooms.ts';
import { EMPTY_SNAPSHOT } from '../state-store.ts';
import type { Snapshot } from '../state-store.ts';
import { eventsSinceJoin } from './events-since-join.ts';
import type { RoomToFill } from './filling-context.ts';
import { topologically } from './topologically.ts';

/** What an event turns out to be when the whole state before it is known. */
export interface RecheckedEvent {
  readonly eventNid: number;
  /** Snapshots; `stateAfter` as the row holds it, null where the event is not part of the state. */
  readonly stateBefore: number;
  readonly stateAfter: number | null;
  readonly flags: number;
  readonly rejectedBy: string | null;
  /** Its place in the order of arrival. */
  readonly order: number;
  /** Whether it was accepted before and is not now. */
  readonly isWithdrawn: boolean;
}

/** What other servers have told of a room's states. */
export interface KnownStates {
  /** The whole state before the join. */
  readonly beforeJoin: Snapshot;
  /** The snapshots of the states before events after a gap, by event nid. */
  readonly told: ReadonlyMap<number, number>;
}

/**
 * The events since a partial join, checked again one after the other: each by its auth events and by the state before it,
 * which follows from that before the join (SS API, "Checks performed on receipt of a PDU", 4 and 5), and by what the current
 * state was when it came (6). So what was shown may have to be hidden, and what was hidden is shown where the state was not
 * what it seemed.
 */
export class Rechecking {
  readonly events = new Map<number, RecheckedEvent>();
  readonly #rooms: Rooms;
  readonly #room: PartialRoom;
  readonly #version: RoomVersion;
  readonly #of: RoomOfStates;
  readonly #states: KnownStates;
  readonly #prev = new Map<number, readonly number[]>();
  #create: AuthEvent | undefined;
  #upTo: number;

  constructor(rooms: Rooms, { partial, version }: RoomToFill, states: KnownStates) {
    this.#rooms = rooms;
    this.#room = partial;
    this.#version = version;
    this.#states = states;
    this.#of = { roomNid: partial.roomNid, version, snapshot: EMPTY_SNAPSHOT, isLast: false };
    this.#upTo = partial.position - 1;
  }

  /** Checks the events that have come since it was called last. */
  async run(createEventNid: number): Promise<void> {
    const { reader } = this.#rooms.database;
    [this.#create] = await readAuthEvents(reader, [createEventNid], this.#version);
    const byNid = new Map<number, PartialEventRow>();
    for await (const { row, prevNids } of eventsSinceJoin(reader, this.#room.roomNid, this.#upTo)) {
      byNid.set(row.event_nid, row);
      this.#prev.set(row.event_nid, prevNids);
    }
    const turns = new Turns();
    for (const nid of topologically([...byNid.keys()], (of) => this.#prev.get(of) ?? [])) {
      const row = byNid.get(nid);
      if (row === undefined) continue;
      this.events.set(nid, await this.#recheck(row));
      this.#upTo = Math.max(this.#upTo, row.event_order);
      await turns.next();
    }
  }

  /** The room's ends, as they are or were before an order: the events that count and that no other of these comes after. */
  extremities(below = Infinity): number[] {
    const counts = ({ flags, order }: RecheckedEvent): boolean =>
      (flags & UNACCEPTED_FLAGS) === 0 && order < below;
    const accepted = [...this.events.values()].filter(counts);
    const followed = new Set(accepted.flatMap(({ eventNid }) => this.#prev.get(eventNid) ?? []));
    const nids = accepted.map(({ eventNid }) => eventNid);
    const ends = nids.filter((nid) => !followed.has(nid));
    // In room versions 1 and 2 events may stand on each other.
    return ends.length > 0 ? ends : nids.slice(-1);
  }

  /** Those that were accepted and should not have been. */
  withdrawn(): number[] {
    const events = [...this.events.values()].filter(({ isWithdrawn }) => isWithdrawn);
    return events.map(({ eventNid }) => eventNid);
  }

  /** The current state: a snapshot that is stored. */
  async current(): Promise<StateReference> {
    const ends = this.extremities();
    return this.#merged(
      ends.length === 0 ? [this.#beforeJoin] : ends.map((nid) => this.#after(nid)),
    );
  }

  get #beforeJoin(): number {
    return this.#states.beforeJoin.nid;
  }

  async #recheck(row: PartialEventRow): Promise<RecheckedEvent> {
    const { event_nid: eventNid, state_key_nid: stateKeyNid } = row;
    const before = await this.#merged(this.#statesBefore(eventNid));
    const rejectedBy = await this.#ruleBroken(row, before);
    const isHidden = rejectedBy === undefined && !(await this.#wasAllowed(row, before));
    const kept = row.flags & ~(EventFlag.partialState | UNACCEPTED_FLAGS);
    const flags =
      kept |
      (rejectedBy === undefined ? 0 : EventFlag.rejected) |
      (isHidden ? EventFlag.softFailed : 0);
    const stateAfter =
      stateKeyNid === null || rejectedBy !== undefined
        ? null
        : await this.#stateWith(before, stateKeyNid, eventNid);
    return {
      eventNid,
      stateBefore: before.snapshot.nid,
      stateAfter,
      flags,
      rejectedBy: rejectedBy ?? null,
      order: row.event_order,
      isWithdrawn: (flags & UNACCEPTED_FLAGS) !== 0 && (row.flags & UNACCEPTED_FLAGS) === 0,
    };
  }

  #statesBefore(eventNid: number): readonly number[] {
    const told = this.#states.told.get(eventNid);
    if (told !== undefined) return [told];
    const isJoin = eventNid === this.#room.joinEventNid;
    const prev = isJoin ? [] : (this.#prev.get(eventNid) ?? []);
    return prev.length === 0 ? [this.#beforeJoin] : prev.map((nid) => this.#after(nid));
  }

  async #ruleBroken(row: PartialEventRow, before: StateReference): Promise<string | undefined> {
    const rooms = this.#rooms;
    const { reader } = rooms.database;
    const pdu: Pdu = JSON.parse(row.json);
    const event = { ...pdu, eventId: row.event_id };
    const authNids = (await readAuthEdges(reader, [row.event_nid])).get(row.event_nid) ?? [];
    const listed = await readAuthEvents(reader, authNids, this.#version);
    const authEvents = await this.#asRechecked(listed, authNids);
    const version = this.#version;
    const byAuth = judgeByAuthEvents(rooms, { version }, event, authEvents, this.#create);
    if (byAuth !== undefined) return byAuth.rule;
    const state = await authStateOf(rooms, before, event, version);
    const byState = authorise(event, state, version, { verify: rooms.verify });
    return byState.allowed ? undefined : byState.rule;
  }

  /**
   * Checks 6 and 7: by what the current state was when the event came, the event itself being an end of the room. What this
   * server has made was made on the ends that it knew.
   */
  async #wasAllowed(row: PartialEventRow, before: StateReference): Promise<boolean> {
    const rooms = this.#rooms;
    const pdu: Pdu = JSON.parse(row.json);
    const sender = parseUserId(pdu.sender);
    if (sender !== undefined && serverNameOf(sender) === rooms.serverName) return true;
    const ends = this.extremities(row.event_order).map((nid) => this.#after(nid));
    const current = await this.#merged([...ends, before.snapshot.nid]);
    const event = { ...pdu, eventId: row.event_id };
    const state = await authStateOf(rooms, current, event, this.#version);
    if (!authorise(event, state, this.#version, { verify: rooms.verify }).allowed) return false;
    const wasHidden = (row.flags & EventFlag.softFailed) !== 0;
    return !wasHidden || this.#isRecommended(row, current);
  }

  /** Nobody is asked again: what a policy server allows has its signature since it came. */
  async #isRecommended(row: PartialEventRow, current: StateReference): Promise<boolean> {
    const { policyServers, names, database, verify } = this.#rooms;
    const keyNid = await names.stateKeys.find('m.room.policy', '');
    if (policyServers === undefined || keyNid === undefined || row.state_key_nid === keyNid) {
      return true;
    }
    const policyNid = await entryOf(database.reader, current, keyNid);
    const [policy] =
      policyNid === undefined
        ? []
        : await readAuthEvents(database.reader, [policyNid], this.#version);
    const server = policy === undefined ? undefined : namedPolicyServer(policy);
    return server === undefined || isRecommended(row.json, this.#version, server, verify);
  }

  /** What the auth events among them have turned out to be counts, not what the database still says. */
  async #asRechecked(
    listed: readonly AuthEvent[],
    authNids: readonly number[],
  ): Promise<readonly AuthEvent[]> {
    if (!authNids.some((nid) => this.events.has(nid))) return listed;
    const found: AuthEvent[] = [];
    for (const nid of authNids) {
      const [event] = await readAuthEvents(this.#rooms.database.reader, [nid], this.#version);
      if (event === undefined) continue;
      const rechecked = this.events.get(nid);
      const { rejected: before = false, ...rest } = event;
      const rejected =
        rechecked === undefined ? before : (rechecked.flags & EventFlag.rejected) !== 0;
      found.push(rejected ? { ...rest, rejected } : rest);
    }
    return found;
  }

  /** The snapshot after an event; what is not among them came before the join, as far as this server knows. */
  #after(eventNid: number): number {
    const event = this.events.get(eventNid);
    return event === undefined ? this.#beforeJoin : (event.stateAfter ?? event.stateBefore);
  }

  async #merged(snapshotNids: readonly number[]): Promise<StateReference> {
    const rooms = this.#rooms;
    const references = await Promise.all(
      [...new Set(snapshotNids)].map((nid) => storedState(rooms, this.#of, nid)),
    );
    const merged = await mergeStates(rooms, this.#of, references);
    return merged.statements.length === 0 ? merged : this.#store(merged);
  }

  async #stateWith(before: StateReference, stateKeyNid: number, eventNid: number): Promise<number> {
    const change = { stateKeyNid, eventNid, startsLineage: false };
    const after = await withStateEvent(this.#rooms, this.#room.roomNid, before, change);
    return (await this.#store(after)).snapshot.nid;
  }

  /** Nobody sees these snapshots before the events refer to them. */
  async #store(reference: StateReference): Promise<StateReference> {
    const statements: readonly Statement[] = reference.statements;
    await write(this.#rooms.database, { statements, positions: 0 });
    return storedState(this.#rooms, this.#of, reference.snapshot.nid);
  }
}
