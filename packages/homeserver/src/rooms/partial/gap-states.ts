import { parseUserId, serverNameOf } from '@soma/protocol';
import type { Pdu } from '@soma/protocol';

import { FederationError } from '../../federation-client/federation-error.ts';
import { readPrevNids } from '../edge-store.ts';
import { askState } from '../inbound/asked-state.ts';
import { FetchLimitExceeded, RoomRequests } from '../inbound/room-requests.ts';
import type { PartialEventRow } from '../partial-room-store.ts';
import type { Snapshot } from '../state-store.ts';
import { eventsSinceJoin } from './events-since-join.ts';
import type { FillingContext, RoomToFill } from './filling-context.ts';
import { gapStatesMax } from './limits.ts';

/** What is told of the states before events. */
export interface GapStates {
  /** Event nid → snapshot. */
  readonly told: ReadonlyMap<number, number>;
  /** Events of which no server has told it, though one that could not be reached may. */
  readonly open: number;
}

/**
 * Asks for the states before the events that were taken in after a gap while the room was known in part. They stand on events
 * from beside the join, which are not there: what the join had they may not have had, and the other way round. Where no
 * server knows better, the state before the join stays what is nearest.
 *
 * @param servers who may know, the most likely first; the author's server is asked too
 */
export async function askGapStates(
  context: FillingContext,
  room: RoomToFill,
  servers: readonly string[],
  beforeJoin: Snapshot,
): Promise<GapStates> {
  const told = new Map<number, number>();
  const asking = new Asking(context, room, beforeJoin);
  let open = 0;
  const rows = await eventsAfterGaps(context, room);
  for (const row of rows.slice(0, gapStatesMax)) {
    const { sender }: Pdu = JSON.parse(row.json);
    const author = parseUserId(sender);
    const likely = author === undefined ? [] : [serverNameOf(author)];
    const state = await asking.ask(
      new Set([...servers.slice(0, 1), ...likely, ...servers.slice(1)]),
      row.event_id,
    );
    if (state.kind === 'told') told.set(row.event_nid, state.snapshotNid);
    else if (state.kind === 'unreachable') open += 1;
  }
  if (rows.length > told.size) {
    const about = { room: room.roomId, events: rows.length, told: told.size, open };
    context.logger.info(about, 'states before some events after a join are not told');
  }
  return { told, open };
}

/** Those that stand on an event that is not there, unless the join stands on the same. */
async function eventsAfterGaps(
  { rooms }: FillingContext,
  { partial }: RoomToFill,
): Promise<PartialEventRow[]> {
  const { reader } = rooms.database;
  const found: PartialEventRow[] = [];
  const present = new Set<number>();
  const [ofJoin = []] = (await readPrevNids(reader, [partial.joinEventNid])).values();
  const besideJoin = placesOf(ofJoin);
  const above = partial.position - 1;
  // Events come in order: what one stands on has come before it.
  for await (const { row, prevNids } of eventsSinceJoin(reader, partial.roomNid, above)) {
    const isAfterGap =
      prevNids.some((nid) => !present.has(nid)) && placesOf(prevNids) !== besideJoin;
    if (isAfterGap) found.push(row);
    present.add(row.event_nid);
  }
  return found;
}

function placesOf(eventNids: readonly number[]): string {
  return eventNids.toSorted((a, b) => a - b).join();
}

type Answer =
  | { readonly kind: 'told'; readonly snapshotNid: number }
  | { readonly kind: 'unknown' | 'unreachable' };

class Asking {
  readonly #context: FillingContext;
  readonly #room: RoomToFill;
  readonly #beforeJoin: Snapshot;
  readonly #unreachable = new Set<string>();

  constructor(context: FillingContext, room: RoomToFill, beforeJoin: Snapshot) {
    this.#context = context;
    this.#room = room;
    this.#beforeJoin = beforeJoin;
  }

  async ask(servers: Iterable<string>, eventId: string): Promise<Answer> {
    let isUnreachable = false;
    for (const server of servers) {
      if (!this.#unreachable.has(server)) {
        const snapshotNid = await this.#askOne(server, eventId);
        if (snapshotNid !== undefined) return { kind: 'told', snapshotNid };
      }
      isUnreachable ||= this.#unreachable.has(server);
    }
    return { kind: isUnreachable ? 'unreachable' : 'unknown' };
  }

  async #askOne(server: string, eventId: string): Promise<number | undefined> {
    const context = this.#context;
    const { client, rooms, signal, logger } = context;
    if (server === rooms.serverName || !client.allows(server)) return undefined;
    const { roomId, version, partial } = this.#room;
    const asked = { roomId, roomNid: partial.roomNid, version, origin: server };
    try {
      const requests = new RoomRequests(context, asked);
      return await askState(context, asked, requests, eventId, this.#beforeJoin);
    } catch (error) {
      const isOfOthers = error instanceof FederationError || error instanceof FetchLimitExceeded;
      if (!isOfOthers || signal.aborted) throw error;
      const isRefused = error instanceof FederationError && error.failure === 'refused';
      if (!isRefused) this.#unreachable.add(server);
      logger.info({ room: roomId, server, event: eventId, err: error }, 'no state before an event');
      return undefined;
    }
  }
}
