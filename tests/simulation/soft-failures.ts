import { authEventKeys, authorise, roomVersion } from '@soma/protocol';
import type { AuthEvent, AuthState, RoomVersion } from '@soma/protocol';

import { verifySignature } from '../../packages/homeserver/src/federation-client/keys/verify-signature.ts';
import { readEvents } from '../../packages/homeserver/src/rooms/event-store.ts';
import {
  readCurrentState,
  readSnapshot,
  readStateDifferences,
} from '../../packages/homeserver/src/rooms/state-store.ts';
import { storedPdu } from '../../packages/homeserver/src/rooms/stored-event.ts';
import type { EventGraph } from './event-graph.ts';
import type { RoomView, ViewedEvent } from './room-view.ts';
import type { SimulatedServer } from './simulated-server.ts';

/**
 * Why a server may hide an event. The auth rules refuse the event
 * - `refused`: beside changes of state that are concurrent with it and were current when it came there;
 * - `lost-support`: because a state event that it stands on was no longer current, which they refuse in the same way;
 * - `rejudged`: because a state event that it stands on was no longer current. A concurrent event, made where that one
 *   was unknown, had resolution judge it once more, and what came after it refuses it (the "state resets" of state
 *   resolution before version 2.1). Or the other way round: one was current that was not in the state before it, though it
 *   knew it, since a concurrent event was made where it was.
 *
 * Where it stands on an event that the server hides, what is concurrent with that one counts too: the current state is
 * without it.
 */
export type SoftFailureReason = (typeof softFailureReasons)[number];

export const softFailureReasons = ['refused', 'lost-support', 'rejudged'] as const;

export interface SoftFailures {
  readonly reasons: Record<SoftFailureReason, number>;
  /** Those that have none of these reasons. */
  readonly problems: string[];
}

/** Looks for the reason of each event that the server hides. */
export async function judgeSoftFailures(
  server: SimulatedServer,
  roomId: string,
  view: RoomView,
  graph: EventGraph,
): Promise<SoftFailures> {
  const reasons = { refused: 0, 'lost-support': 0, rejudged: 0 };
  const problems: string[] = [];
  const version = roomVersion(view.version);
  for (const event of view.events.values()) {
    if (event.verdict !== 'soft-failed') continue;
    const found =
      version === undefined
        ? { problem: 'the room has no known version' }
        : await new SoftFailure(server, view, version, graph, event).judge();
    if ('reason' in found) reasons[found.reason] += 1;
    else
      problems.push(
        `${roomId}: ${server.name} soft-failed ${event.eventId} although ${found.problem}`,
      );
  }
  return { reasons, problems };
}

/** State by type and state key. */
type State = ReadonlyMap<string, AuthEvent>;

class SoftFailure {
  readonly #server: SimulatedServer;
  readonly #view: RoomView;
  readonly #version: RoomVersion;
  readonly #graph: EventGraph;
  readonly #event: ViewedEvent;
  /** The event and the hidden ones that it stands on. */
  readonly #sides: readonly string[];
  #current: State = new Map();

  constructor(
    server: SimulatedServer,
    view: RoomView,
    version: RoomVersion,
    graph: EventGraph,
    event: ViewedEvent,
  ) {
    this.#server = server;
    this.#view = view;
    this.#version = version;
    this.#graph = graph;
    this.#event = event;
    const hidden = [...view.events.values()].filter(
      ({ eventId, verdict }) =>
        verdict === 'soft-failed' && graph.isAncestor(eventId, event.eventId),
    );
    this.#sides = [event, ...hidden].map(({ eventId }) => eventId);
  }

  async judge(): Promise<{ reason: SoftFailureReason } | { problem: string }> {
    const event = this.#event;
    const before = await this.#stateBefore(event);
    if (!this.#isAllowed(event, before)) return { problem: 'the state before it forbids it' };
    for (const isKnownSince of [false, true]) {
      const nids = await currentStateAt(this.#server, this.#view, event.order, isKnownSince);
      this.#current = await stateOf(this.#server, this.#version, nids);
      if (!this.#isAllowed(event, this.#current)) break;
    }
    if (this.#isAllowed(event, this.#current)) return { problem: 'the current state allows it' };
    const reason = await this.#reasonOf(event, before);
    return reason === undefined ? { problem: 'no concurrent change refuses it' } : { reason };
  }

  async #reasonOf(event: ViewedEvent, before: State): Promise<SoftFailureReason | undefined> {
    const keys = authEventKeys(event.pdu, this.#version).map(([type, key]) => keyOf(type, key));
    const changed = new Map(keys.flatMap((key) => this.#concurrentAt(key, before)));
    if (!this.#isAllowed(event, new Map([...before, ...changed]))) return 'refused';
    for (const key of keys) {
      const [was, is] = [before.get(key), this.#current.get(key)];
      if (was === undefined || was.eventId === is?.eventId || changed.has(key)) continue;
      const lost = new Map([...before, ...changed]);
      if (is === undefined) lost.delete(key);
      else lost.set(key, is);
      if (this.#isAllowed(event, lost)) continue;
      const support = this.#view.events.get(was.eventId ?? '');
      if (support === undefined) continue;
      const reason = await this.#reasonOfLoss(support);
      if (reason !== undefined) return reason;
    }
    return (await this.#isRegained(event, before, keys)) ? 'rejudged' : undefined;
  }

  /** Whether what refuses it is current only because a concurrent event was made where that was. */
  async #isRegained(event: ViewedEvent, before: State, keys: readonly string[]): Promise<boolean> {
    for (const key of keys) {
      const is = this.#current.get(key);
      if (is?.eventId === undefined || is.eventId === before.get(key)?.eventId) continue;
      if (this.#isAllowed(event, new Map([...before, [key, is]]))) continue;
      const stands = (state: State): boolean => state.get(key)?.eventId === is.eventId;
      if (await this.#isMadeBeside(stands)) return true;
    }
    return false;
  }

  /** Why an event that the hidden one stands on is no longer in the state. */
  async #reasonOfLoss(support: ViewedEvent): Promise<SoftFailureReason | undefined> {
    const before = await this.#stateBefore(support);
    const reason = await this.#reasonOf(support, before);
    if (reason !== undefined) return reason === 'refused' ? 'lost-support' : reason;
    const keys = authEventKeys(support.pdu, this.#version).map(([type, key]) => keyOf(type, key));
    const refusers = this.#knownThen().filter(({ eventId, pdu }) => {
      const key = keyOf(pdu.type, pdu.state_key);
      if (!keys.includes(key) || this.#graph.isAncestor(eventId, support.eventId)) return false;
      return !this.#isAllowed(support, new Map([...before, [key, { ...pdu, eventId }]]));
    });
    if (refusers.some(({ eventId }) => this.#isBeside(eventId))) return 'lost-support';
    const isRejudged = refusers.length > 0 && (await this.#isUnknownBeside(support));
    return isRejudged ? 'rejudged' : undefined;
  }

  /** Whether a concurrent event was made where the event was not in the state. */
  #isUnknownBeside({ eventId, pdu }: ViewedEvent): Promise<boolean> {
    const key = keyOf(pdu.type, pdu.state_key);
    return this.#isMadeBeside((state) => state.get(key)?.eventId !== eventId);
  }

  /** Whether a concurrent event was made in such a state. */
  async #isMadeBeside(isSuch: (state: State) => boolean): Promise<boolean> {
    for (const other of this.#knownThen()) {
      if (this.#isBeside(other.eventId) && isSuch(await this.#stateBefore(other))) return true;
    }
    return false;
  }

  /** What the server had accepted when the hidden event came. */
  #knownThen(): ViewedEvent[] {
    return [...this.#view.events.values()].filter(
      ({ verdict, order }) => verdict === 'accepted' && order < this.#event.order,
    );
  }

  /** What of the current state is concurrent with the hidden event, and differs from that state. */
  #concurrentAt(key: string, before: State): [string, AuthEvent][] {
    const is = this.#current.get(key);
    if (is?.eventId === undefined || is.eventId === before.get(key)?.eventId) return [];
    return this.#isBeside(is.eventId) ? [[key, is]] : [];
  }

  #isBeside(eventId: string): boolean {
    return this.#sides.some((side) => this.#graph.areConcurrent(eventId, side));
  }

  #isAllowed({ pdu, eventId }: ViewedEvent, state: State): boolean {
    const verdict = authorise({ ...pdu, eventId }, authStateOf(state), this.#version, {
      verify: verifySignature,
    });
    return verdict.allowed;
  }

  async #stateBefore({ stateBefore }: ViewedEvent): Promise<State> {
    const nids = await readSnapshot(this.#server.database.reader, stateBefore ?? 0);
    return stateOf(this.#server, this.#version, nids);
  }
}

function authStateOf(state: State): AuthState {
  return { get: (type, stateKey) => state.get(keyOf(type, stateKey)) };
}

function keyOf(type: string, stateKey: string | undefined): string {
  return `${type}|${stateKey}`;
}

/**
 * The current state as it was before the event at this order took its place.
 *
 * @param isKnownSince without what was hidden only when a room that was known in part became whole
 */
async function currentStateAt(
  { database: { reader } }: SimulatedServer,
  { roomNid, events }: RoomView,
  order: number,
  isKnownSince: boolean,
): Promise<ReadonlyMap<number, number>> {
  const hidden = new Set(
    [...events.values()]
      .filter(({ verdict }) => isKnownSince && verdict !== 'accepted')
      .map(({ eventNid }) => eventNid),
  );
  const state = await readCurrentState(reader, roomNid);
  const since = await readStateDifferences(reader, roomNid, order - 1, Number.MAX_SAFE_INTEGER);
  for (const { stateKeyNid, oldEventNid, newEventNid } of since.toReversed()) {
    if (hidden.has(oldEventNid ?? 0) || hidden.has(newEventNid ?? 0)) continue;
    if (oldEventNid === null) state.delete(stateKeyNid);
    else state.set(stateKeyNid, oldEventNid);
  }
  return state;
}

async function stateOf(
  { database: { reader } }: SimulatedServer,
  version: RoomVersion,
  state: ReadonlyMap<number, number>,
): Promise<State> {
  const rows = await readEvents(reader, [...state.values()]);
  return new Map(
    rows.map((row): [string, AuthEvent] => {
      const pdu = storedPdu(row, version);
      return [keyOf(pdu.type, pdu.state_key), { ...pdu, eventId: row.event_id }];
    }),
  );
}
