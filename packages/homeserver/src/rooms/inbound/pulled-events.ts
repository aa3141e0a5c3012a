import { prevEventIds } from '@soma/protocol';

import { FederationError } from '../../federation-client/federation-error.ts';
import { write } from '../../storage/database.ts';
import { readEventNid } from '../event-store.ts';
import {
  endFailedPullStatement,
  putFailedPullStatement,
  readFailedPull,
} from '../failed-pull-store.ts';
import { hasAcceptedChild, readDepthMin } from '../graph-store.ts';
import { internEventIds } from '../intern-event-ids.ts';
import { readIsPartial } from '../partial-room-store.ts';
import { readRoomHead } from '../state-store.ts';
import { askState } from './asked-state.ts';
import type { CheckedPdu } from './check-pdu.ts';
import { collectMissingEvents } from './collect-missing-events.ts';
import type { InboundContext } from './inbound-context.ts';
import { readKnownPast } from './known-past.ts';
import { pullRetryMs, pullRetryMsMax, pulledEventsMax } from './limits.ts';
import type { NotReceived, Received } from './room-intake.ts';
import { FetchLimitExceeded, RoomRequests } from './room-requests.ts';
import type { AskedRoom } from './room-requests.ts';
import { storeOutliers } from './store-outliers.ts';
import { takeInEvent } from './take-in-event.ts';
import type { Missing, TakeIn } from './take-in-event.ts';

/** What is known of an event beyond what it says. */
type KnownOfEvent = Pick<TakeIn, 'stateBefore' | 'isBehind'>;

const INCOMPLETE: NotReceived = {
  kind: 'refused',
  cause: 'incomplete',
  reason: 'what the event refers to cannot be had',
};

/**
 * Brings what one received event stands on, from the server that sent it: first the events between it and what is known,
 * then, where a gap stays, the state at its far end (SS API, "Retrieving event authorization information").
 */
export class PulledEvents {
  readonly #context: InboundContext;
  readonly #room: AskedRoom;
  readonly #requests: RoomRequests;
  #pulled = 0;

  constructor(context: InboundContext, room: AskedRoom) {
    this.#context = context;
    this.#room = room;
    this.#requests = new RoomRequests(context, room);
  }

  async receive(event: CheckedPdu, missing: Missing): Promise<Received> {
    const received = await this.#receive(event, missing);
    const isIncomplete = received.kind === 'refused' && received.cause === 'incomplete';
    return isIncomplete ? { ...received, isCutOff: this.#requests.isCutOff } : received;
  }

  async #receive(event: CheckedPdu, missing: Missing): Promise<Received> {
    try {
      const isBehind = missing.prevEventIds.length > 0 ? await this.#fillGap(event) : undefined;
      return await this.#take(event, { isBehind });
    } catch (error) {
      const isOfOthers = error instanceof FederationError || error instanceof FetchLimitExceeded;
      if (!isOfOthers) throw error;
      return { ...INCOMPLETE, reason: error.message };
    }
  }

  /** Takes in the ancestors that its sender has. Resolves to whether it is behind what was accepted before. */
  async #fillGap(event: CheckedPdu): Promise<boolean> {
    const head = await readRoomHead(this.#context.rooms.database.reader, this.#room.roomNid);
    const extremityIds = head?.extremities.map((row) => row.event_id) ?? [];
    const depthMin = await readDepthMin(this.#context.rooms.database.reader, this.#room.roomNid);
    // What is above all that has a place is the past; it is only filled in for an event that is itself of it.
    const minDepth = event.pdu.depth > depthMin ? depthMin : 0;
    const ancestors = await collectMissingEvents(this.#context, this.#requests, event, {
      extremityIds,
      minDepth,
    }).catch((error: unknown): CheckedPdu[] => {
      if (!(error instanceof FederationError)) throw error;
      return [];
    });
    const behind = await this.#behind([...ancestors, event]);
    for (const ancestor of ancestors) {
      await this.#take(ancestor, { isBehind: behind.has(ancestor.eventId) });
    }
    return behind.has(event.eventId);
  }

  /** Those that an event which was accepted before stands on. */
  async #behind(events: readonly CheckedPdu[]): Promise<ReadonlySet<string>> {
    const { reader } = this.#context.rooms.database;
    const behind = new Set(await readKnownPast(reader, this.#room.roomNid));
    for (const { eventId, pdu } of events.toReversed()) {
      const eventNid = await readEventNid(reader, eventId);
      if (eventNid !== undefined && (await hasAcceptedChild(reader, eventNid))) behind.add(eventId);
      if (behind.has(eventId)) for (const id of prevEventIds(pdu)) behind.add(id);
    }
    return behind;
  }

  /** Takes in an event, after what it stands on. */
  async #take(event: CheckedPdu, known: KnownOfEvent = {}): Promise<Received> {
    let taken = await this.#try(event, known);
    if (taken.kind === 'missing' && taken.authEventIds.length > 0) {
      await this.#bringAuthEvents(event, taken.authEventIds);
      taken = await this.#try(event, known);
    }
    if (taken.kind === 'missing' && taken.authEventIds.length === 0) {
      const taking = await this.#takeInPart(event, known);
      if (taking !== undefined && taking.kind !== 'missing') return taking;
      for (const id of taken.prevEventIds) await this.#pull(id, known.isBehind);
      taken = await this.#try(event, known);
    }
    if (taken.kind === 'missing' && taken.prevEventIds.length === 0 && taken.isStateUnknown) {
      const stateBefore = await this.#askState(event.eventId);
      if (stateBefore !== undefined) taken = await this.#try(event, { ...known, stateBefore });
    }
    return taken.kind === 'missing' ? INCOMPLETE : taken;
  }

  /**
   * While the room is known in part its states are too large to be asked for event by event: an event after a gap gets the
   * state of the join, until it is checked again.
   */
  async #takeInPart(
    checked: CheckedPdu,
    { isBehind }: KnownOfEvent,
  ): Promise<Received | Missing | undefined> {
    const { roomNid, origin } = this.#room;
    if (!(await readIsPartial(this.#context.rooms.database.reader, roomNid))) return undefined;
    return takeInEvent(this.#context, {
      origin,
      roomNid,
      checked,
      refuse: false,
      isBehind,
      takesGaps: true,
    });
  }

  #try(checked: CheckedPdu, known: KnownOfEvent): Promise<Received | Missing> {
    const { roomNid, origin } = this.#room;
    return takeInEvent(this.#context, { origin, roomNid, checked, refuse: false, ...known });
  }

  async #bringAuthEvents(event: CheckedPdu, missingIds: readonly string[]): Promise<void> {
    const { roomNid, version } = this.#room;
    const chain = await this.#requests.authChain(event.eventId).catch((error: unknown) => {
      if (!(error instanceof FederationError)) throw error;
      return this.#requests.events(missingIds);
    });
    await storeOutliers(this.#context, roomNid, version, chain);
  }

  /** Takes in a prev event at the far end of a gap, with the state that its sender tells for it. */
  async #pull(eventId: string, isBehind: boolean | undefined): Promise<void> {
    this.#pulled += 1;
    if (this.#pulled > pulledEventsMax) throw new FetchLimitExceeded('events with a state');
    const { rooms } = this.#context;
    const { reader } = rooms.database;
    const eventNid = (await internEventIds(rooms, [eventId])).get(eventId) ?? 0;
    const failed = await readFailedPull(reader, eventNid);
    if (failed !== undefined && failed.nextTryTs > rooms.now()) return;
    if (await this.#pullNow(eventId, isBehind)) {
      if (failed !== undefined) {
        await write(rooms.database, {
          statements: [endFailedPullStatement(eventNid)],
          positions: 0,
        });
      }
      return;
    }
    // Nobody has said that it is not to be had.
    if (this.#requests.isCutOff) return;
    const attempts = (failed?.attempts ?? 0) + 1;
    const waitMs = Math.min(pullRetryMs * 2 ** (attempts - 1), pullRetryMsMax);
    const pull = { attempts, nextTryTs: rooms.now() + waitMs };
    await write(rooms.database, {
      statements: [putFailedPullStatement(eventNid, pull)],
      positions: 0,
    });
  }

  async #pullNow(eventId: string, isBehind: boolean | undefined): Promise<boolean> {
    try {
      const event = await this.#requests.event(eventId);
      if (event === undefined) return false;
      const stateBefore = await this.#askState(eventId);
      if (stateBefore === undefined) return false;
      return (await this.#take(event, { stateBefore, isBehind })).kind !== 'refused';
    } catch (error) {
      if (!(error instanceof FederationError)) throw error;
      return false;
    }
  }

  #askState(eventId: string): Promise<number | undefined> {
    return askState(this.#context, this.#room, this.#requests, eventId);
  }
}
