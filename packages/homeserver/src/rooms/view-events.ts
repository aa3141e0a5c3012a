import { redactPdu } from '@soma/protocol';
import type { JsonObject, RoomVersion } from '@soma/protocol';

import { readErased } from '../accounts/account-store.ts';
import type { Reader } from '../storage/sql.ts';
import { clientEvent } from './client-event.ts';
import { withoutIdleRedactions } from './effective-redactions.ts';
import { EventFlag, HIDDEN_FLAGS, readEvents, readRedactions } from './event-store.ts';
import type { EventRow } from './event-store.ts';
import { expiryOf } from './retention.ts';
import type { Rooms } from './rooms.ts';
import { readReplacedState } from './state-store.ts';
import { toStoredEvent } from './stored-event.ts';
import type { StoredEvent } from './stored-event.ts';
import type { Viewer } from './viewer.ts';
import { RoomVisibility } from './visibility.ts';

/** An event that its viewer may see, in the form of the database and of the client. */
export interface ViewedEvent {
  readonly event: StoredEvent;
  readonly client: JsonObject;
}

export interface ViewOptions {
  /** Leaves `room_id` out, as inside `/sync`. */
  readonly withoutRoomId?: boolean;
  /** Shows what ignored users sent, redacted. */
  readonly redactsIgnored?: boolean;
}

/**
 * Those of a room's events that the viewer may see (CS API, "Room history visibility"), in client format with
 * what `unsigned` says to this viewer. The order is kept.
 */
export async function viewEvents(
  rooms: Rooms,
  reader: Reader,
  viewer: Viewer,
  roomNid: number,
  rows: readonly EventRow[],
  options: ViewOptions = {},
): Promise<ViewedEvent[]> {
  const version = await rooms.versions.of(reader, roomNid);
  if (version === undefined || rows.length === 0) return [];
  const shown = await showing(rooms, reader, viewer, roomNid, version, options);
  const accepted = await acceptedEvents(reader, version, rows);
  const events = accepted.flatMap((event) => shown(event) ?? []);
  const visibility = await RoomVisibility.open(rooms, reader, viewer, roomNid, version);
  const memberships = await visibility.decide(events);
  const visible = await withoutErased(
    reader,
    version,
    events.filter((event) => memberships.has(event.eventNid)),
    memberships,
  );
  const { deviceNid } = viewer;
  const unsigned = await Unsigned.load(reader, deviceNid, visibility, roomNid, version, visible);
  const roomId = options.withoutRoomId === true ? undefined : await rooms.names.rooms.text(roomNid);
  const now = rooms.now();
  return visible.map((event) => ({
    event,
    client: clientEvent(event, unsigned.of(event, memberships.get(event.eventNid), now), roomId),
  }));
}

/** The same for who sees everything, which an application service does. */
export async function viewAllEvents(
  rooms: Rooms,
  reader: Reader,
  roomNid: number,
  rows: readonly EventRow[],
): Promise<ViewedEvent[]> {
  const version = await rooms.versions.of(reader, roomNid);
  if (version === undefined) return [];
  const events = await acceptedEvents(reader, version, rows);
  const everything = {
    decide: async (shown: readonly StoredEvent[]) =>
      new Map(shown.map(({ eventNid }) => [eventNid, undefined])),
  };
  const unsigned = await Unsigned.load(reader, undefined, everything, roomNid, version, events);
  const roomId = await rooms.names.rooms.text(roomNid);
  const now = rooms.now();
  return events.map((event) => ({
    event,
    client: clientEvent(event, unsigned.of(event, undefined, now), roomId),
  }));
}

function acceptedEvents(
  reader: Reader,
  version: RoomVersion,
  rows: readonly EventRow[],
): Promise<readonly StoredEvent[]> {
  const accepted = rows.filter((row) => (row.flags & HIDDEN_FLAGS) === 0);
  const events = accepted.map((row) => parsedOnce(row, version));
  return withoutIdleRedactions(reader, version, events);
}

/** What neither its age nor its sender hides from the viewer; state events are always shown. */
async function showing(
  rooms: Rooms,
  reader: Reader,
  viewer: Viewer,
  roomNid: number,
  version: RoomVersion,
  { redactsIgnored = false }: ViewOptions,
): Promise<(event: StoredEvent) => StoredEvent | undefined> {
  const known = rooms.ignoredBy(viewer.userNid);
  const ignored = known instanceof Promise ? await known : known;
  const expiry = (await expiryOf(rooms, reader, roomNid)) ?? -Infinity;
  return (event) => {
    const { stateKeyNid, pdu } = event;
    if (stateKeyNid !== null) return event;
    if (pdu.origin_server_ts < expiry) return undefined;
    if (!ignored.has(pdu.sender)) return event;
    return redactsIgnored ? { ...event, pdu: redactPdu(pdu, version) } : undefined;
  };
}

/**
 * What erased users sent is redacted for those who were not in the room at the time (CS API, "Account
 * deactivation": `erase`).
 */
async function withoutErased(
  reader: Reader,
  version: RoomVersion,
  events: readonly StoredEvent[],
  memberships: ReadonlyMap<number, string | undefined>,
): Promise<readonly StoredEvent[]> {
  const isFromOutside = ({ eventNid }: StoredEvent): boolean =>
    memberships.get(eventNid) !== 'join';
  const senders = new Set(events.filter(isFromOutside).map(({ senderNid }) => senderNid));
  if (senders.size === 0) return events;
  const erased = await readErased(reader, senders);
  if (erased.size === 0) return events;
  return events.map((event) =>
    isFromOutside(event) && erased.has(event.senderNid)
      ? { ...event, pdu: redactPdu(event.pdu, version) }
      : event,
  );
}

/** Rows that many read at once (see `sync/shared-reads.ts`) are parsed for the first of them. */
const parsed = new WeakMap<EventRow, StoredEvent>();

function parsedOnce(row: EventRow, version: RoomVersion): StoredEvent {
  let event = parsed.get(row);
  if (event === undefined) {
    event = toStoredEvent(row, version);
    parsed.set(row, event);
  }
  return event;
}

interface Decides {
  decide(events: readonly StoredEvent[]): Promise<ReadonlyMap<number, unknown>>;
}

/** Makes `unsigned` of events that the viewer may see. */
class Unsigned {
  readonly #deviceNid: number | undefined;
  readonly #replaced: ReadonlyMap<number, StoredEvent>;
  /** Of the replaced events those that the viewer may see. */
  readonly #visible: ReadonlyMap<number, unknown>;
  readonly #redactions: ReadonlyMap<number, StoredEvent>;

  private constructor(
    deviceNid: number | undefined,
    replaced: ReadonlyMap<number, StoredEvent>,
    visible: ReadonlyMap<number, unknown>,
    redactions: ReadonlyMap<number, StoredEvent>,
  ) {
    this.#deviceNid = deviceNid;
    this.#replaced = replaced;
    this.#visible = visible;
    this.#redactions = redactions;
  }

  static async load(
    reader: Reader,
    deviceNid: number | undefined,
    visibility: Decides,
    roomNid: number,
    version: RoomVersion,
    events: readonly StoredEvent[],
  ): Promise<Unsigned> {
    const stateOrders = events.flatMap(({ stateKeyNid, order }) =>
      stateKeyNid !== null && order !== null ? [order] : [],
    );
    const replacedNids = await readReplacedState(reader, roomNid, stateOrders);
    const redactedNids = events
      .filter(({ flags }) => (flags & EventFlag.redacted) !== 0)
      .map(({ eventNid }) => eventNid);
    const redactionNids = await readRedactions(reader, redactedNids);
    const rows = await readEvents(reader, [...replacedNids.values(), ...redactionNids.values()]);
    const loaded = new Map(rows.map((row) => [row.event_nid, toStoredEvent(row, version)]));
    const replaced = follow(replacedNids, loaded);
    const visible = await visibility.decide([...replaced.values()]);
    return new Unsigned(deviceNid, replaced, visible, follow(redactionNids, loaded));
  }

  of(event: StoredEvent, membership: string | undefined, now: number): JsonObject {
    const unsigned: JsonObject = { age: Math.max(0, now - event.pdu.origin_server_ts) };
    if (membership !== undefined) unsigned['membership'] = membership;
    if (event.transactionId !== undefined && event.deviceNid === this.#deviceNid) {
      unsigned['transaction_id'] = event.transactionId;
    }
    const replaced = this.#replaced.get(event.eventNid);
    if (replaced !== undefined && event.stateKeyNid !== null) {
      unsigned['replaces_state'] = replaced.eventId;
      if (this.#visible.has(replaced.eventNid)) {
        unsigned['prev_content'] = replaced.pdu.content;
        unsigned['prev_sender'] = replaced.pdu.sender;
      }
    }
    const redaction = this.#redactions.get(event.eventNid);
    if (redaction !== undefined) {
      unsigned['redacted_because'] = clientEvent(redaction, {}, undefined);
    }
    return unsigned;
  }
}

function follow(
  nids: ReadonlyMap<number, number>,
  loaded: ReadonlyMap<number, StoredEvent>,
): Map<number, StoredEvent> {
  const followed = new Map<number, StoredEvent>();
  for (const [key, nid] of nids) {
    const event = loaded.get(nid);
    if (event !== undefined) followed.set(key, event);
  }
  return followed;
}
