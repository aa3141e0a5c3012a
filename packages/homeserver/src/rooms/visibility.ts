import { historyVisibilityOf, maySeeEvent } from '@soma/protocol';
import type { HistoryVisibility, RoomVersion } from '@soma/protocol';

import type { Reader } from '../storage/sql.ts';
import { readEvent, readEvents } from './event-store.ts';
import { readCurrentEntry, readStateAfter } from './graph-store.ts';
import type { KnownPlaces, MemberPlace } from './known-places.ts';
import type { Rooms } from './rooms.ts';
import { readKeyHistory, readSnapshotKey } from './state-store.ts';
import type { SnapshotPlace } from './state-store.ts';
import { toStoredEvent } from './stored-event.ts';
import type { StoredEvent } from './stored-event.ts';
import type { Viewer } from './viewer.ts';

/** What a room's state held at a snapshot, as far as visibility asks. */
interface StateAt {
  readonly visibility: HistoryVisibility;
  readonly membership: string | undefined;
}

/**
 * Which events of one room one user may see (CS API, "Room history visibility"). Decided by the state at each
 * event; what came after the user's latest join needs no look at that state.
 */
export class RoomVisibility {
  readonly #places: KnownPlaces;
  readonly #reader: Reader;
  readonly #viewer: Viewer;
  readonly #roomNid: number;
  readonly #version: RoomVersion;
  readonly #memberKeyNid: number | undefined;
  readonly #visibilityKeyNid: number | undefined;
  readonly #own: MemberPlace;
  readonly #states = new Map<number, StateAt>();
  #joins: Promise<number[]> | undefined;

  private constructor(
    places: KnownPlaces,
    reader: Reader,
    viewer: Viewer,
    roomNid: number,
    version: RoomVersion,
    keys: { member: number | undefined; visibility: number | undefined },
    own: MemberPlace,
  ) {
    this.#places = places;
    this.#reader = reader;
    this.#viewer = viewer;
    this.#roomNid = roomNid;
    this.#version = version;
    this.#memberKeyNid = keys.member;
    this.#visibilityKeyNid = keys.visibility;
    this.#own = own;
  }

  static async open(
    rooms: Rooms,
    reader: Reader,
    viewer: Viewer,
    roomNid: number,
    version: RoomVersion,
  ): Promise<RoomVisibility> {
    const { eventTypes, stateKeys } = rooms.names;
    const typeNid = await eventTypes.find('m.room.member');
    const member = await stateKeys.find('m.room.member', viewer.userId);
    const visibility = await stateKeys.find('m.room.history_visibility', '');
    const own =
      typeNid === undefined || member === undefined
        ? { membership: undefined, place: undefined }
        : await readOwn(rooms.places, reader, roomNid, version, typeNid, member);
    return new RoomVisibility(
      rooms.places,
      reader,
      viewer,
      roomNid,
      version,
      { member, visibility },
      own,
    );
  }

  /** The visible ones: event nid → the viewer's membership at the event. */
  async decide(events: readonly StoredEvent[]): Promise<Map<number, string | undefined>> {
    const places = await this.#placesOf(events);
    const visible = new Map<number, string | undefined>();
    for (const event of events) {
      if (this.#isAfterJoin(event, places)) {
        visible.set(event.eventNid, this.#isOwnMember(event) ? membershipIn(event) : 'join');
        continue;
      }
      const seen = await this.#decideByState(event);
      if (seen.visible) visible.set(event.eventNid, seen.membership);
    }
    return visible;
  }

  #placesOf(events: readonly StoredEvent[]): Promise<ReadonlyMap<number, SnapshotPlace>> {
    if (this.#own.membership !== 'join') return Promise.resolve(new Map());
    const nids = new Set(events.flatMap(({ stateBefore }) => stateBefore ?? []));
    return this.#places.ofSnapshots(this.#reader, nids);
  }

  /** True when the state before the event holds the join that is still current. */
  #isAfterJoin(event: StoredEvent, places: ReadonlyMap<number, SnapshotPlace>): boolean {
    const { place } = this.#own;
    const at = event.stateBefore === null ? undefined : places.get(event.stateBefore);
    return (
      place !== undefined &&
      at !== undefined &&
      at.lineage === place.lineage &&
      at.index >= place.index
    );
  }

  #isOwnMember(event: StoredEvent): boolean {
    return event.pdu.type === 'm.room.member' && event.pdu.state_key === this.#viewer.userId;
  }

  async #decideByState(
    event: StoredEvent,
  ): Promise<{ visible: boolean; membership: string | undefined }> {
    if (event.stateBefore === null) return { visible: false, membership: undefined };
    const before = await this.#stateAt(event.stateBefore);
    const membership = this.#isOwnMember(event) ? membershipIn(event) : before.membership;
    const isVisibility =
      event.pdu.type === 'm.room.history_visibility' && event.pdu.state_key === '';
    const after = isVisibility ? historyVisibilityOf(event.pdu.content) : before.visibility;
    const visible = maySeeEvent({
      visibility: { before: before.visibility, after },
      membership: { before: before.membership ?? 'leave', after: membership ?? 'leave' },
      joinedLater: await this.#joinedAfter(event),
    });
    return { visible, membership: membership ?? 'leave' };
  }

  async #joinedAfter(event: StoredEvent): Promise<boolean> {
    if (this.#own.membership === 'join') return true;
    if (this.#own.membership === undefined || event.order === null) return false;
    this.#joins ??= this.#readJoins();
    const last = (await this.#joins).at(-1);
    return last !== undefined && last > event.order;
  }

  /** Positions at which the viewer became or stayed joined, oldest first. */
  async #readJoins(): Promise<number[]> {
    if (this.#memberKeyNid === undefined) return [];
    const history = await readKeyHistory(this.#reader, this.#roomNid, this.#memberKeyNid);
    const rows = await readEvents(
      this.#reader,
      history.flatMap(({ eventNid }) => eventNid ?? []),
    );
    const joins = new Set(
      rows
        .map((row) => toStoredEvent(row, this.#version))
        .filter((event) => membershipIn(event) === 'join')
        .map((event) => event.eventNid),
    );
    return history
      .filter(({ eventNid }) => eventNid !== null && joins.has(eventNid))
      .map(({ position }) => position);
  }

  async #stateAt(snapshotNid: number): Promise<StateAt> {
    const known = this.#states.get(snapshotNid);
    if (known !== undefined) return known;
    const member = await this.#entryAt(snapshotNid, this.#memberKeyNid);
    const visibility = await this.#entryAt(snapshotNid, this.#visibilityKeyNid);
    const state = {
      membership: member === undefined ? undefined : membershipIn(member),
      visibility: historyVisibilityOf(visibility?.pdu.content),
    };
    this.#states.set(snapshotNid, state);
    return state;
  }

  async #entryAt(
    snapshotNid: number,
    stateKeyNid: number | undefined,
  ): Promise<StoredEvent | undefined> {
    if (stateKeyNid === undefined) return undefined;
    const eventNid = await readSnapshotKey(this.#reader, snapshotNid, stateKeyNid);
    const row = eventNid === undefined ? undefined : await readEvent(this.#reader, eventNid);
    return row === undefined ? undefined : toStoredEvent(row, this.#version);
  }
}

async function readOwn(
  known: KnownPlaces,
  reader: Reader,
  roomNid: number,
  version: RoomVersion,
  memberTypeNid: number,
  memberKeyNid: number,
): Promise<MemberPlace> {
  const entry = await readCurrentEntry(reader, roomNid, memberTypeNid, memberKeyNid);
  if (entry === undefined) return { membership: undefined, place: undefined };
  const { eventNid } = entry;
  const own = await known.ofMember(eventNid, async () => {
    const row = await readEvent(reader, eventNid);
    if (row === undefined) return { membership: undefined, place: undefined };
    const membership = membershipIn(toStoredEvent(row, version));
    const after = membership === 'join' ? await readStateAfter(reader, eventNid) : undefined;
    if (after === undefined) return { membership, place: undefined };
    const places = await known.ofSnapshots(reader, [after]);
    return { membership, place: places.get(after) };
  });
  // In another lineage the join may have been replaced before a resolution brought it back.
  return own.place?.lineage === entry.lineage ? own : { ...own, place: undefined };
}

function membershipIn(event: StoredEvent): string | undefined {
  const { membership } = event.pdu.content;
  return typeof membership === 'string' ? membership : undefined;
}
