import { isJsonObject } from '@soma/protocol';

import type { FederationClient } from '../../federation-client/federation-client.ts';
import { FederationError } from '../../federation-client/federation-error.ts';
import type { RoomServers } from '../../membership/room-servers.ts';
import type { EventAtTime, TimeRequest } from '../../rooms/find-event-by-time.ts';
import { readGaps } from '../../rooms/gap-store.ts';
import type { Gap } from '../../rooms/gap-store.ts';
import type { RoomIntake } from '../../rooms/inbound/room-intake.ts';
import { readCurrentContent } from '../../rooms/read-current-content.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import { boundedCache } from '../../storage/bounded-cache.ts';
import {
  failuresMax,
  fillMs,
  gapsAtOnce,
  retryMs,
  retryMsMax,
  serverMs,
  serversAskedMax,
} from './limits.ts';
import { serversToAsk } from './servers-to-ask.ts';

export interface RoomPastsOptions {
  readonly rooms: Rooms;
  readonly roomServers: RoomServers;
  readonly intake: Pick<RoomIntake, 'backfill'>;
  readonly client: Pick<FederationClient, 'requestJson' | 'allows'>;
}

/** A stretch of a room's history, by depths. */
export interface Stretch {
  readonly roomNid: number;
  readonly from: number;
  readonly to: number;
}

interface Failure {
  readonly attempts: number;
  readonly nextTryMs: number;
}

/** Fills in the past of rooms from other servers, where somebody reads on to it. */
export class RoomPasts {
  readonly #options: RoomPastsOptions;
  /** One at a time for each room. */
  readonly #running = new Map<number, Promise<boolean>>();
  readonly #failures = boundedCache<number, Failure>(failuresMax);

  constructor(options: RoomPastsOptions) {
    this.#options = options;
  }

  /** Where the stretch is torn, the newest first. */
  gapsIn({ roomNid, from, to }: Stretch): Promise<Gap[]> {
    const { reader } = this.#options.rooms.database;
    return readGaps(reader, roomNid, from, to, gapsAtOnce);
  }

  /** Resolves to whether the room has more of its past than before. */
  async fill(roomNid: number, gaps: readonly Gap[]): Promise<boolean> {
    const running = this.#running.get(roomNid);
    if (running !== undefined) return running;
    const now = this.#options.rooms.now();
    const due = gaps.filter(
      ({ missingNid }) => (this.#failures.get(missingNid)?.nextTryMs ?? 0) <= now,
    );
    if (due.length === 0) return false;
    const filling = this.#fillNow(roomNid, due).finally(() => this.#running.delete(roomNid));
    this.#running.set(roomNid, filling);
    return filling;
  }

  /** The servers that may have the past of the room, most likely ones first. */
  async serversOf(roomNid: number): Promise<string[]> {
    const { rooms, roomServers, client } = this.#options;
    const { reader } = rooms.database;
    const levels = await readCurrentContent(rooms, reader, roomNid, 'm.room.power_levels');
    return serversToAsk(
      await roomServers.of(roomNid),
      levels,
      (name) => name !== rooms.serverName && client.allows(name),
    );
  }

  /** Asks one server for events and what came before them. Resolves to how many have a place now. */
  async fillFrom(roomNid: number, server: string, eventIds: readonly string[]): Promise<number> {
    const { rooms, intake } = this.#options;
    const version = await rooms.versions.of(rooms.database.reader, roomNid);
    if (version === undefined) return 0;
    return intake.backfill({
      roomId: await rooms.names.rooms.text(roomNid),
      roomNid,
      version,
      server,
      eventIds,
      signal: AbortSignal.timeout(serverMs),
    });
  }

  /** Which event another server finds closest to a time; undefined where it does not say. */
  async askTime(
    roomNid: number,
    server: string,
    { timestampMs, direction }: Pick<TimeRequest, 'timestampMs' | 'direction'>,
  ): Promise<EventAtTime | undefined> {
    const { rooms, client } = this.#options;
    const roomId = await rooms.names.rooms.text(roomNid);
    try {
      const answer = await client.requestJson({
        destination: server,
        method: 'GET',
        path: `/_matrix/federation/v1/timestamp_to_event/${encodeURIComponent(roomId)}`,
        query: { ts: timestampMs, dir: direction },
        timeoutMs: serverMs,
      });
      if (!isJsonObject(answer)) return undefined;
      const { event_id: eventId, origin_server_ts: ts } = answer;
      if (typeof eventId !== 'string' || typeof ts !== 'number') return undefined;
      return { event_id: eventId, origin_server_ts: ts };
    } catch (error) {
      if (error instanceof FederationError) return undefined;
      throw error;
    }
  }

  async #fillNow(roomNid: number, gaps: readonly Gap[]): Promise<boolean> {
    const eventIds = gaps.map(({ missingId }) => missingId);
    const deadline = performance.now() + fillMs;
    for (const server of (await this.serversOf(roomNid)).slice(0, serversAskedMax)) {
      if ((await this.fillFrom(roomNid, server, eventIds)) > 0) {
        for (const { missingNid } of gaps) this.#failures.delete(missingNid);
        return true;
      }
      if (performance.now() > deadline) break;
    }
    for (const { missingNid } of gaps) this.#failed(missingNid);
    return false;
  }

  #failed(missingNid: number): void {
    const attempts = (this.#failures.get(missingNid)?.attempts ?? 0) + 1;
    const waitMs = Math.min(retryMs * 2 ** (attempts - 1), retryMsMax);
    this.#failures.set(missingNid, { attempts, nextTryMs: this.#options.rooms.now() + waitMs });
  }
}
