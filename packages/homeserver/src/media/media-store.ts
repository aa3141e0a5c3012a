import type { Guard } from '../storage/change.ts';
import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

export interface MediaRow {
  readonly media_nid: number;
  readonly origin: string;
  readonly media_id: string;
  readonly user_nid: number | null;
  readonly sha256: string | null;
  readonly size_bytes: number | null;
  readonly media_type: string;
  readonly upload_name: string | null;
  readonly created_ts: number;
  readonly last_access_ts: number;
  readonly expires_ts: number | null;
  readonly quarantined_by: string | null;
  readonly safe_from_quarantine: number;
  readonly authenticated: number;
  readonly url_cache: string | null;
}

/** One piece of media, as the table has it. */
export interface Media {
  readonly nid: number;
  /** Undefined for this server's own. */
  readonly origin: string | undefined;
  readonly mediaId: string;
  readonly userNid: number | undefined;
  /** Undefined while nothing has been uploaded. */
  readonly content: MediaContent | undefined;
  readonly mediaType: string;
  readonly uploadName: string | undefined;
  readonly createdTs: number;
  readonly lastAccessTs: number;
  /** When a media ID without content stops to wait for it. */
  readonly expiresTs: number | undefined;
  readonly quarantinedBy: string | undefined;
  readonly isProtected: boolean;
  /** Not to be had through the frozen endpoints. */
  readonly isAuthenticated: boolean;
  readonly urlCache: string | undefined;
}

export interface MediaContent {
  /** In hex. */
  readonly sha256: string;
  readonly bytes: number;
}

/** The origin of this server's own media, in the table. */
export const OWN = '';
/** In `quarantined_by` of what has the bytes of something that was quarantined before. */
const QUARANTINED_AS_COPY = 'system';

export const mediaColumns = `m.media_nid, m.origin, m.media_id, m.user_nid, m.sha256, m.size_bytes,
  m.media_type, m.upload_name, m.created_ts, m.last_access_ts, m.expires_ts, m.quarantined_by,
  m.safe_from_quarantine, m.authenticated, m.url_cache`;

const byName = query<MediaRow>(
  `select ${mediaColumns} from media m where m.origin = ? and m.media_id = ?`,
);
const insert = query(
  `insert into media (media_nid, origin, media_id, user_nid, sha256, size_bytes, media_type,
     upload_name, created_ts, last_access_ts, expires_ts, quarantined_by, safe_from_quarantine,
     authenticated, url_cache)
   values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, null, (
     select case when count(*) > 0 then '${QUARANTINED_AS_COPY}' end from media q
     where q.sha256 = ? and q.quarantined_by is not null
   ), 0, ?, ?)`,
);
const insertPending = query(
  `insert into media (media_nid, origin, media_id, user_nid, media_type, created_ts, last_access_ts,
     expires_ts, safe_from_quarantine, authenticated)
   values (?, '', ?, ?, 'application/octet-stream', ?, ?, ?, 0, ?)`,
);
const fill = query(
  `update media set sha256 = ?, size_bytes = ?, media_type = ?, upload_name = ?, created_ts = ?,
     last_access_ts = ?, expires_ts = null, authenticated = ?, quarantined_by = (
     select case when count(*) > 0 then '${QUARANTINED_AS_COPY}' end from media q
     where q.sha256 = ? and q.quarantined_by is not null
   ) where media_nid = ?`,
);
const isPending = query(
  'select 1 as one from media where media_nid = ? and sha256 is null and expires_ts > ?',
);
const isAbsent = query('select 1 as one from media where origin = ? and media_id = ?');
const addToTotals = query(
  `insert into media_user_totals (user_nid, media_count, media_bytes) values (?, 1, ?)
   on conflict (user_nid) do update set media_count = media_user_totals.media_count + 1,
     media_bytes = media_user_totals.media_bytes + excluded.media_bytes`,
);
const uploadedSince = query(
  `select 1 as one from users u where u.user_nid = ? and (
     select coalesce(sum(size_bytes), 0) from media m where m.user_nid = u.user_nid and m.created_ts > ?
   ) + cast(? as bigint) <= ?`,
);
const pendingBelow = query(
  `select 1 as one from users u where u.user_nid = ? and (
     select count(*) from media m
     where m.user_nid = u.user_nid and m.sha256 is null and m.expires_ts > ?
   ) < ?`,
);
const touch = query(
  'update media set last_access_ts = ? where media_nid = ? and last_access_ts < ?',
);

export async function readMedia(
  reader: Reader,
  origin: string,
  mediaId: string,
): Promise<Media | undefined> {
  const row = await reader.get(byName, escapeText(origin), mediaId);
  return row === undefined ? undefined : toMedia(row);
}

export interface NewMedia {
  readonly nid: number;
  readonly origin: string;
  readonly mediaId: string;
  readonly userNid: number | undefined;
  readonly content: MediaContent;
  readonly mediaType: string;
  readonly uploadName: string | undefined;
  readonly nowMs: number;
  readonly isAuthenticated: boolean;
  /** Of a picture that URL previews keep: where it comes from. */
  readonly urlCache?: string;
}

/** The row, and its user's sums. */
export function insertMediaStatements(media: NewMedia): Statement[] {
  const { content, nowMs } = media;
  const row = statement(
    insert,
    media.nid,
    escapeText(media.origin),
    media.mediaId,
    media.userNid ?? null,
    content.sha256,
    content.bytes,
    escapeText(media.mediaType),
    toColumn(media.uploadName),
    nowMs,
    nowMs,
    content.sha256,
    media.isAuthenticated ? 1 : 0,
    toColumn(media.urlCache),
  );
  return [row, ...totalsStatement(media)];
}

export interface PendingMedia {
  readonly nid: number;
  readonly mediaId: string;
  readonly userNid: number;
  readonly nowMs: number;
  readonly expiresTs: number;
  readonly isAuthenticated: boolean;
}

export function insertPendingStatement(pending: PendingMedia): Statement {
  const { nid, mediaId, userNid, nowMs, expiresTs, isAuthenticated } = pending;
  return statement(
    insertPending,
    nid,
    mediaId,
    userNid,
    nowMs,
    nowMs,
    expiresTs,
    isAuthenticated ? 1 : 0,
  );
}

/** Gives a media ID that was reserved its content. */
export function fillMediaStatements(media: NewMedia): Statement[] {
  const { content, nowMs } = media;
  const row = statement(
    fill,
    content.sha256,
    content.bytes,
    escapeText(media.mediaType),
    toColumn(media.uploadName),
    nowMs,
    nowMs,
    media.isAuthenticated ? 1 : 0,
    content.sha256,
    media.nid,
  );
  return [row, ...totalsStatement(media)];
}

function totalsStatement({ userNid, content }: NewMedia): Statement[] {
  return userNid === undefined ? [] : [statement(addToTotals, userNid, content.bytes)];
}

/** Holds while nothing has been uploaded there and the ID has not expired. */
export function isStillPending(nid: number, nowMs: number): Guard {
  return { name: 'pending', check: statement(isPending, nid, nowMs), expect: 'exists' };
}

/** Holds while nothing has that name. */
export function isStillAbsent(origin: string, mediaId: string): Guard {
  const check = statement(isAbsent, escapeText(origin), mediaId);
  return { name: 'absent', check, expect: 'absent' };
}

/** Holds while what the user uploaded after `sinceMs` and `bytes` more stay within `bytesMax`. */
export function staysWithin(
  userNid: number,
  sinceMs: number,
  bytes: number,
  bytesMax: number,
): Guard {
  const check = statement(uploadedSince, userNid, sinceMs, bytes, bytesMax);
  return { name: 'upload-limit', check, expect: 'exists' };
}

/** Holds while the user has fewer than `max` media IDs that wait for their upload. */
export function hasFewerPending(userNid: number, nowMs: number, max: number): Guard {
  const check = statement(pendingBelow, userNid, nowMs, max);
  return { name: 'pending-limit', check, expect: 'exists' };
}

export function touchStatement(nid: number, nowMs: number): Statement {
  return statement(touch, nowMs, nid, nowMs);
}

export function toMedia(row: MediaRow): Media {
  const { sha256, size_bytes: bytes, origin } = row;
  return {
    nid: row.media_nid,
    origin: origin === OWN ? undefined : unescapeText(origin),
    mediaId: row.media_id,
    userNid: row.user_nid ?? undefined,
    content: sha256 === null || bytes === null ? undefined : { sha256, bytes },
    mediaType: unescapeText(row.media_type),
    uploadName: fromColumn(row.upload_name),
    createdTs: row.created_ts,
    lastAccessTs: row.last_access_ts,
    expiresTs: row.expires_ts ?? undefined,
    quarantinedBy: fromColumn(row.quarantined_by),
    isProtected: row.safe_from_quarantine === 1,
    isAuthenticated: row.authenticated === 1,
    urlCache: fromColumn(row.url_cache),
  };
}

function toColumn(text: string | undefined): string | null {
  return text === undefined ? null : escapeText(text);
}

function fromColumn(text: string | null): string | undefined {
  return text === null ? undefined : unescapeText(text);
}
