import { prevEventIds } from '@soma/protocol';

import { FederationError } from '../../federation-client/federation-error.ts';
import { askState } from './asked-state.ts';
import type { CheckedPdu } from './check-pdu.ts';
import type { InboundContext } from './inbound-context.ts';
import { backfilledEventsMax, backfilledStatesMax } from './limits.ts';
import type { Backfill, Received } from './room-intake.ts';
import { FetchLimitExceeded, RoomRequests } from './room-requests.ts';
import type { AskedRoom } from './room-requests.ts';
import { storeOutliers } from './store-outliers.ts';
import { takeInEvent } from './take-in-event.ts';
import type { Missing, TakeIn } from './take-in-event.ts';

/**
 * Fills in the past of a room from another server (SS API, "Backfilling and retrieving missing events"): its events pass
 * all checks but that against the current state, and get their place before what is there. Resolves to how many
 * have one now; a server that does not answer gives none.
 */
export async function backfillRoom(
  { signal: stopping, ...context }: InboundContext,
  { server: origin, eventIds, signal, ...room }: Backfill,
): Promise<number> {
  const bounded = { ...context, signal: AbortSignal.any([stopping, signal]) };
  const past = new PastEvents(bounded, { ...room, origin });
  try {
    await past.fill(eventIds);
  } catch (error) {
    const isOfOthers = error instanceof FederationError || error instanceof FetchLimitExceeded;
    if (!isOfOthers) throw error;
  }
  return past.placed;
}

type PastPlace = Pick<TakeIn, 'pastOrder' | 'stateBefore'>;

class PastEvents {
  placed = 0;
  #states = 0;
  readonly #context: InboundContext;
  readonly #room: AskedRoom;
  readonly #requests: RoomRequests;

  constructor(context: InboundContext, room: AskedRoom) {
    this.#context = context;
    this.#room = room;
    this.#requests = new RoomRequests(context, room);
  }

  async fill(eventIds: readonly string[]): Promise<void> {
    const given = await this.#requests.backfill(eventIds, backfilledEventsMax);
    const byId = new Map(given.map((event) => [event.eventId, event]));
    const events = oldestFirst(eventIds, byId);
    const orders = await this.#ordersFor(events.length);
    for (const [index, event] of events.entries()) {
      const taken = await this.#take(event, orders[index] ?? 0);
      if (taken.kind !== 'missing' && taken.kind !== 'refused') this.placed += 1;
    }
  }

  /** The oldest event has the least: what was fetched before is newer than all of these. */
  async #ordersFor(count: number): Promise<number[]> {
    const { pastOrders } = this.#context.rooms;
    const orders: number[] = [];
    for (let index = 0; index < count; index += 1) orders.push(-(await pastOrders.next()));
    return orders.toReversed();
  }

  async #take(event: CheckedPdu, pastOrder: number): Promise<Received | Missing> {
    const taken = await this.#tryWithAuth(event, { pastOrder });
    if (taken.kind !== 'missing') return taken;
    if (taken.prevEventIds.length === 0 && !taken.isStateUnknown) return taken;
    // The far end of what was given: the state there is the server's word.
    this.#states += 1;
    if (this.#states > backfilledStatesMax) return taken;
    const stateBefore = await askState(this.#context, this.#room, this.#requests, event.eventId);
    return stateBefore === undefined ? taken : this.#tryWithAuth(event, { pastOrder, stateBefore });
  }

  async #tryWithAuth(event: CheckedPdu, place: PastPlace): Promise<Received | Missing> {
    const taken = await this.#try(event, place);
    if (taken.kind !== 'missing' || taken.authEventIds.length === 0) return taken;
    const chain = await this.#requests.authChain(event.eventId);
    await storeOutliers(this.#context, this.#room.roomNid, this.#room.version, chain);
    return this.#try(event, place);
  }

  #try(checked: CheckedPdu, place: PastPlace): Promise<Received | Missing> {
    const { roomNid, origin } = this.#room;
    return takeInEvent(this.#context, { origin, roomNid, checked, refuse: false, ...place });
  }
}

/** What was given of the events and their ancestors, each after its own ancestors; what is beside them is not wanted. */
function oldestFirst(
  eventIds: readonly string[],
  given: ReadonlyMap<string, CheckedPdu>,
): CheckedPdu[] {
  const ordered: CheckedPdu[] = [];
  const entered = new Set<string>();
  const path: { ids: readonly string[]; next: number; event: CheckedPdu | undefined }[] = [
    { ids: eventIds, next: 0, event: undefined },
  ];
  for (let at = path.at(-1); at !== undefined; at = path.at(-1)) {
    const id = at.ids[at.next];
    at.next += 1;
    if (id === undefined) {
      path.pop();
      if (at.event !== undefined) ordered.push(at.event);
      continue;
    }
    const event = given.get(id);
    if (event === undefined || entered.has(id)) continue;
    entered.add(id);
    path.push({ ids: prevEventIds(event.pdu), next: 0, event });
  }
  return ordered;
}
