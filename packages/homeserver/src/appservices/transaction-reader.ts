import type { JsonObject } from '@soma/protocol';

import { readReceiptsFor } from '../ephemeral/read-receipts.ts';
import { timelineQueries } from '../rooms/event-store.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { viewAllEvents } from '../rooms/view-events.ts';
import { ChangeKind } from '../storage/change.ts';
import type { Reader, Statement } from '../storage/sql.ts';
import { readChanges } from '../streams/cursor-store.ts';
import type { ApplicationService } from './application-service.ts';
import { DeviceNews } from './device-news.ts';
import type { EphemeralNews } from './ephemeral-news.ts';
import { readInvitationNews } from './invitation-news.ts';
import type { ToldMembership } from './invitation-news.ts';
import { changesPerTransaction, eventsReadAtOnce } from './limits.ts';
import type { RoomInterest } from './room-interest.ts';
import { forgetMembershipsStatement } from './service-membership-store.ts';

/** What a service is to be told of a stretch of the log. */
export interface Draft {
  /** Undefined where nothing is of interest. */
  readonly body: JsonObject | undefined;
  /** Where the stretch ends. */
  readonly upTo: number;
  /** Ends what waited to be told and is told with it. */
  readonly statements: readonly Statement[];
}

/** A stretch of the log, with what changed in it, or shortly after. */
interface Stretch {
  readonly reader: Reader;
  readonly above: number;
  readonly upTo: number;
  readonly roomNids: ReadonlySet<number>;
  readonly receiptRoomNids: ReadonlySet<number>;
  readonly deviceNids: ReadonlySet<number>;
}

interface PlacedEvent extends ToldMembership {
  /** Undefined for a room that this server is not in. */
  readonly roomNid: number | undefined;
}

/** Reads the log for one application service (Application Service API, "Pushing events"). */
export class TransactionReader {
  readonly #service: ApplicationService;
  readonly #rooms: Rooms;
  readonly #interest: RoomInterest;
  readonly #ephemeral: EphemeralNews;
  readonly #devices: DeviceNews;

  constructor(
    service: ApplicationService,
    rooms: Rooms,
    interest: RoomInterest,
    ephemeral: EphemeralNews,
  ) {
    this.#service = service;
    this.#rooms = rooms;
    this.#interest = interest;
    this.#ephemeral = ephemeral;
    this.#devices = new DeviceNews(service, interest, rooms.names);
  }

  /** The next stretch above a position, at most up to another. */
  async read(reader: Reader, above: number, position: number): Promise<Draft> {
    const { receivesEphemeral, receivesDevices } = this.#service.config;
    const stretch = await this.#stretch(reader, above, position);
    const events = await this.#events(stretch);
    const parts: JsonObject = {};
    let messaged: readonly number[] = [];
    let statements: readonly Statement[] = [];
    if (receivesEphemeral) {
      addList(parts, ['ephemeral', 'de.sorunome.msc2409.ephemeral'], await this.#passing(stretch));
      const messages = await this.#devices.messages(stretch, stretch.deviceNids);
      addList(parts, ['de.sorunome.msc2409.to_device'], messages.events);
      ({ userNids: messaged, statements } = messages);
    }
    if (receivesDevices) {
      const changed = await this.#devices.changedLists(stretch);
      if (changed.length > 0) parts['org.matrix.msc3202.device_lists'] = { changed, left: [] };
    }
    const { upTo } = stretch;
    if (events.length === 0 && Object.keys(parts).length === 0) {
      return { body: undefined, upTo, statements };
    }
    const roomNids = new Set(events.flatMap(({ roomNid }) => roomNid ?? []));
    const counts = receivesDevices
      ? await this.#devices.keyCounts(reader, messaged, roomNids)
      : undefined;
    const body = { events: events.map(({ client }) => client), ...parts, ...counts };
    const told = forgetMembershipsStatement(this.#service.id, upTo);
    return { body, upTo, statements: [...statements, told] };
  }

  /** What is read first may reach beyond the end that what is read later sets; it is cut where it is read in full. */
  async #stretch(reader: Reader, above: number, position: number): Promise<Stretch> {
    const read = (kind: ChangeKind, end: number) =>
      readChanges(reader, [kind], above, end, changesPerTransaction);
    const nothing = { subjects: new Set<number>(), upTo: position };
    const { receivesEphemeral } = this.#service.config;
    const receipts = receivesEphemeral ? await read(ChangeKind.receipt, position) : nothing;
    const devices = receivesEphemeral ? await read(ChangeKind.toDevice, receipts.upTo) : nothing;
    const rooms = await read(ChangeKind.room, devices.upTo);
    return {
      reader,
      above,
      upTo: rooms.upTo,
      roomNids: rooms.subjects,
      receiptRoomNids: receipts.subjects,
      deviceNids: devices.subjects,
    };
  }

  /** In the order in which they came, whatever their rooms. */
  async #events(stretch: Stretch): Promise<PlacedEvent[]> {
    const { reader, above, upTo, roomNids } = stretch;
    const { names } = this.#rooms;
    const invitations = await readInvitationNews(reader, this.#service, names, stretch);
    const events: PlacedEvent[] = invitations.map((news) => ({ ...news, roomNid: undefined }));
    for (const roomNid of roomNids) {
      for (let order = above; ;) {
        const rows = await reader.all(
          timelineQueries.oldest,
          roomNid,
          order,
          upTo,
          eventsReadAtOnce,
        );
        const selected = await this.#interest.select(reader, roomNid, rows);
        if (selected.length > 0) {
          const viewed = await viewAllEvents(this.#rooms, reader, roomNid, selected);
          for (const { event, client } of viewed) {
            events.push({ position: event.order ?? upTo, roomNid, client });
          }
        }
        if (rows.length < eventsReadAtOnce) break;
        order = rows.at(-1)?.event_order ?? upTo;
      }
    }
    return events.toSorted((a, b) => a.position - b.position);
  }

  /** Receipts, typing and presence. */
  async #passing({ reader, above, upTo, receiptRoomNids }: Stretch): Promise<JsonObject[]> {
    const events = await this.#ephemeral.take(reader);
    const isOwn = (userId: string): boolean => this.#service.hasUser(userId);
    for (const roomNid of receiptRoomNids) {
      if (!(await this.#interest.isInRoom(reader, roomNid))) continue;
      const content = await readReceiptsFor(reader, roomNid, above, upTo, isOwn);
      if (content === undefined) continue;
      const roomId = await this.#rooms.names.rooms.text(roomNid);
      events.push({ type: 'm.receipt', room_id: roomId, content });
    }
    return events;
  }
}

/** Under each of its names: the one of the specification, and one that services know from before. */
function addList(parts: JsonObject, names: readonly string[], list: readonly JsonObject[]): void {
  if (list.length === 0) return;
  for (const name of names) parts[name] = [...list];
}
