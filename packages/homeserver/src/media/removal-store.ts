import { escapeText } from '../storage/escape-text.ts';
import { integerList, query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';
import { OWN } from './media-store.ts';

/** A row that may be removed. */
export interface Removable {
  readonly media_nid: number;
  readonly media_id: string;
}

const subtractFromTotals = query(
  `update media_user_totals set media_count = media_count - gone.pieces,
     media_bytes = media_bytes - gone.bytes
   from (
     select m.user_nid, count(m.sha256) as pieces, coalesce(sum(m.size_bytes), 0) as bytes
     from media m where m.media_nid {in} and m.user_nid is not null group by m.user_nid
   ) gone where gone.user_nid = media_user_totals.user_nid`,
);
const noteLooseEnds = query(
  `insert into media_loose_ends (sha256)
   select distinct m.sha256 from media m where m.media_nid {in} and m.sha256 is not null
   on conflict (sha256) do nothing`,
);
const remove = query<{ media_id: string }>(
  'delete from media where media_nid {in} returning media_id',
);
const expired = query<Removable>(
  `select media_nid, media_id from media where sha256 is null and expires_ts <= ?
   and origin = '' limit ?`,
);
const idleOwn = query<Removable>(
  `select media_nid, media_id from media
   where origin = '' and last_access_ts < ? and size_bytes > ? and quarantined_by is null
     and safe_from_quarantine = 0 and media_nid > ?
   order by media_nid limit ?`,
);
const idleRemote = query<Removable>(
  `select media_nid, media_id from media
   where origin <> '' and last_access_ts < ? and (quarantined_by is null or ? = 1) and media_nid > ?
   order by media_nid limit ?`,
);
const avatars = query<{ avatar_url: string }>(
  `select avatar_url from profiles where avatar_url is not null
   union select avatar_url from memberships where avatar_url is not null and local = 1`,
);

/** Rows go, and with them their share of the sums; their files are loose ends from then on. */
export function removalStatements(mediaNids: readonly number[]): Statement[] {
  const nids = integerList(mediaNids);
  return [subtractFromTotals, noteLooseEnds, remove].map((each) => statement(each, nids));
}

/** Media IDs that nobody filled in time. */
export function readExpired(reader: Reader, nowMs: number, limit: number): Promise<Removable[]> {
  return reader.all(expired, nowMs, limit);
}

export interface IdleSince {
  readonly beforeTs: number;
  readonly afterNid: number;
  readonly limit: number;
}

/** This server's own, last read before that time and larger than `bytes`; in the order of their nids. */
export function readIdleOwn(
  reader: Reader,
  { beforeTs, afterNid, limit }: IdleSince,
  bytes: number,
): Promise<Removable[]> {
  return reader.all(idleOwn, beforeTs, bytes, afterNid, limit);
}

export function readIdleRemote(
  reader: Reader,
  { beforeTs, afterNid, limit }: IdleSince,
  includesQuarantined: boolean,
): Promise<Removable[]> {
  return reader.all(idleRemote, beforeTs, includesQuarantined ? 1 : 0, afterNid, limit);
}

/** The pictures of this server's users. */
export async function readAvatars(reader: Reader): Promise<string[]> {
  return (await reader.all(avatars)).map(({ avatar_url: url }) => url);
}

const ofOrigin = query<Removable>(
  'select media_nid, media_id from media where origin = ? and media_id = ?',
);

export function readRemovable(
  reader: Reader,
  origin: string | undefined,
  mediaId: string,
): Promise<Removable | undefined> {
  return reader.get(ofOrigin, origin === undefined ? OWN : escapeText(origin), mediaId);
}
