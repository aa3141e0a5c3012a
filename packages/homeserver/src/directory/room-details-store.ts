import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';
import type { Network } from './network-room-store.ts';
import type { RoomDetails } from './room-details.ts';

interface DetailsRow {
  readonly name: string | null;
  readonly topic: string | null;
  readonly avatar_url: string | null;
  readonly canonical_alias: string | null;
  readonly room_type: string | null;
  readonly join_rule: string;
  readonly world_readable: number;
  readonly guests: number;
}

interface PublishedRow extends DetailsRow {
  readonly room_nid: number;
  readonly joined_count: number;
}

const columns =
  'd.name, d.topic, d.avatar_url, d.canonical_alias, d.room_type, d.join_rule, d.world_readable, d.guests';

const put = query(
  `insert into room_details (room_nid, name, topic, avatar_url, canonical_alias, room_type, join_rule,
     world_readable, guests, search_text)
   values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
   on conflict (room_nid) do update set name = excluded.name, topic = excluded.topic,
     avatar_url = excluded.avatar_url, canonical_alias = excluded.canonical_alias,
     room_type = excluded.room_type, join_rule = excluded.join_rule,
     world_readable = excluded.world_readable, guests = excluded.guests,
     search_text = excluded.search_text`,
);
const one = query<DetailsRow>(`select ${columns} from room_details d where d.room_nid = ?`);

const summary = query<PublishedRow>(
  `select d.room_nid, s.joined_count, ${columns} from room_details d
   join room_summaries s on s.room_nid = d.room_nid where d.room_nid = ?`,
);

const publish = query('insert into published_rooms (room_nid) values (?) on conflict do nothing');
const unpublish = query('delete from published_rooms where room_nid = ?');
const isListed = query('select room_nid from published_rooms where room_nid = ?');
/** The queries about the rooms of one table, whose own parameters come first. */
function listing(table: string) {
  const count = query<{ count: number }>(
    `select count(*) as count from ${table} p
     join room_summaries s on s.room_nid = p.room_nid where s.joined_count > 0`,
  );
  /** What both directions ask: (search pattern, member count, member count, room, limit). */
  const page = (beyond: string, order: string) =>
    query<PublishedRow>(
      `select p.room_nid, s.joined_count, ${columns} from ${table} p
       join room_summaries s on s.room_nid = p.room_nid
       join room_details d on d.room_nid = p.room_nid
       where s.joined_count > 0 and d.search_text like ? escape '!'
         and (s.joined_count ${beyond} ? or (s.joined_count = ? and p.room_nid ${beyond} ?))
       order by s.joined_count ${order}, p.room_nid ${order} limit ?`,
    );
  return { count, smaller: page('<', 'desc'), larger: page('>', 'asc') };
}

const published = listing('published_rooms');
const everywhere = listing(
  '(select room_nid from published_rooms union select room_nid from network_rooms)',
);
/** (network, service) */
const inNetwork = listing(
  '(select room_nid from network_rooms where network_id = ? and service_id = ?)',
);

/** Which rooms are asked about: those of this server's directory, of one network, or of all together. */
export type DirectoryScope = 'published' | 'everywhere' | Network;

function listingOf(scope: DirectoryScope) {
  if (scope === 'published') return { queries: published, params: [] };
  if (scope === 'everywhere') return { queries: everywhere, params: [] };
  const params = [escapeText(scope.networkId), escapeText(scope.serviceId)];
  return { queries: inNetwork, params };
}

/** The largest rooms come first; among those of one size, the newest. */
export interface DirectoryPlace {
  readonly joinedCount: number;
  readonly roomNid: number;
}

/** Where to read on, and in which direction. */
export interface DirectoryQuestion {
  readonly direction: 'smaller' | 'larger';
  readonly from: DirectoryPlace;
  /** A text that name, topic or canonical alias contain; the empty one is in all. */
  readonly searchTerm: string;
  readonly scope: DirectoryScope;
  readonly limit: number;
}

/** A published room as the directory shows it. */
export interface PublishedRoom extends DirectoryPlace {
  readonly details: RoomDetails;
}

export function putRoomDetailsStatement(roomNid: number, details: RoomDetails): Statement {
  return statement(
    put,
    roomNid,
    textColumn(details.name),
    textColumn(details.topic),
    textColumn(details.avatarUrl),
    textColumn(details.canonicalAlias),
    textColumn(details.roomType),
    escapeText(details.joinRule),
    details.worldReadable ? 1 : 0,
    details.guestsCanJoin ? 1 : 0,
    escapeText(searchTextOf(details)),
  );
}

export async function readRoomDetails(
  reader: Reader,
  roomNid: number,
): Promise<RoomDetails | undefined> {
  const row = await reader.get(one, roomNid);
  return row === undefined ? undefined : toDetails(row);
}

/** The room as the directory would show it, whether it is published or not. */
export async function readPublicRoom(
  reader: Reader,
  roomNid: number,
): Promise<PublishedRoom | undefined> {
  const row = await reader.get(summary, roomNid);
  return row === undefined ? undefined : toPublishedRoom(row);
}

export function publishStatement(roomNid: number, isPublic: boolean): Statement {
  return statement(isPublic ? publish : unpublish, roomNid);
}

export async function isPublished(reader: Reader, roomNid: number): Promise<boolean> {
  return (await reader.get(isListed, roomNid)) !== undefined;
}

export async function countPublishedRooms(reader: Reader, scope: DirectoryScope): Promise<number> {
  const { queries, params } = listingOf(scope);
  return (await reader.get(queries.count, ...params))?.count ?? 0;
}

/** Published rooms with members beyond a place, the nearest first. */
export async function readPublishedRooms(
  reader: Reader,
  { direction, from, searchTerm, limit, scope }: DirectoryQuestion,
): Promise<PublishedRoom[]> {
  const { queries, params } = listingOf(scope);
  const rows = await reader.all(
    queries[direction],
    ...params,
    `%${escapeText(searchTerm.toLowerCase()).replaceAll(/[!%_]/g, '!$&')}%`,
    from.joinedCount,
    from.joinedCount,
    from.roomNid,
    limit,
  );
  return rows.map(toPublishedRoom);
}

function toPublishedRoom(row: PublishedRow): PublishedRoom {
  return { roomNid: row.room_nid, joinedCount: row.joined_count, details: toDetails(row) };
}

/** Lower case is made here, since the engines differ in what they know of it. */
function searchTextOf({ name, topic, canonicalAlias }: RoomDetails): string {
  return [name, topic, canonicalAlias].join('\n').toLowerCase();
}

function textColumn(value: string | undefined): string | null {
  return value === undefined ? null : escapeText(value);
}

function toDetails(row: DetailsRow): RoomDetails {
  return {
    name: fromColumn(row.name),
    topic: fromColumn(row.topic),
    avatarUrl: fromColumn(row.avatar_url),
    canonicalAlias: fromColumn(row.canonical_alias),
    roomType: fromColumn(row.room_type),
    joinRule: unescapeText(row.join_rule),
    worldReadable: row.world_readable === 1,
    guestsCanJoin: row.guests === 1,
  };
}

function fromColumn(value: string | null): string | undefined {
  return value === null ? undefined : unescapeText(value);
}
