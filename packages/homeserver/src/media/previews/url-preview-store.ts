import { escapeText, unescapeText } from '../../storage/escape-text.ts';
import { query, statement } from '../../storage/sql.ts';
import type { Reader, Statement } from '../../storage/sql.ts';

interface PreviewRow {
  readonly fetched_ts: number;
  readonly expires_ts: number;
  readonly etag: string | null;
  readonly image: string | null;
  readonly preview: string;
}

/** What a page looked like at one time. */
export interface StoredPreview {
  readonly fetchedTs: number;
  readonly expiresTs: number;
  /** Undefined if the page has none, or the preview is not of the page alone. */
  readonly etag: string | undefined;
  /** The `mxc://` URI of the picture. */
  readonly image: string | undefined;
  /** JSON of the answer. */
  readonly json: string;
}

const columns = 'fetched_ts, expires_ts, etag, image, preview';

const newestUntil = query<PreviewRow>(
  `select ${columns} from url_previews where url_hash = ? and fetched_ts <= ?
   order by fetched_ts desc limit 1`,
);
const oldestAfter = query<PreviewRow>(
  `select ${columns} from url_previews where url_hash = ? and fetched_ts > ?
   order by fetched_ts limit 1`,
);
const insert = query(
  `insert into url_previews (url_hash, fetched_ts, expires_ts, etag, image, preview)
   values (?, ?, ?, ?, ?, ?)
   on conflict (url_hash, fetched_ts) do nothing`,
);
const expired = query<{ url_hash: Uint8Array; fetched_ts: number; image: string | null }>(
  `select url_hash, fetched_ts, image from url_previews where expires_ts < ?
   order by expires_ts limit ?`,
);
const keptWithImage = query<{ one: number }>(
  'select 1 as one from url_previews where image = ? and expires_ts >= ? limit 1',
);
const remove = query('delete from url_previews where url_hash = ? and fetched_ts = ?');

/** The preview nearest to a time: the last one before it, or else the first one after. */
export async function readPreview(
  reader: Reader,
  urlHash: Uint8Array,
  ts: number,
): Promise<StoredPreview | undefined> {
  const row =
    (await reader.get(newestUntil, urlHash, ts)) ?? (await reader.get(oldestAfter, urlHash, ts));
  return row === undefined ? undefined : toPreview(row);
}

export function insertPreviewStatement(urlHash: Uint8Array, preview: StoredPreview): Statement {
  const { fetchedTs, expiresTs, etag, image, json } = preview;
  return statement(
    insert,
    urlHash,
    fetchedTs,
    expiresTs,
    etag === undefined ? null : escapeText(etag),
    image ?? null,
    escapeText(json),
  );
}

export interface ExpiredPreview {
  readonly urlHash: Uint8Array;
  readonly fetchedTs: number;
  readonly image: string | undefined;
}

/** Those that expired before a time, oldest first. */
export async function readExpiredPreviews(
  reader: Reader,
  beforeTs: number,
  limit: number,
): Promise<ExpiredPreview[]> {
  const rows = await reader.all(expired, beforeTs, limit);
  return rows.map((row) => ({
    urlHash: row.url_hash,
    fetchedTs: row.fetched_ts,
    image: row.image ?? undefined,
  }));
}

/** Whether a preview that has not expired before a time shows this picture. */
export async function isImageKept(
  reader: Reader,
  image: string,
  expiredBeforeTs: number,
): Promise<boolean> {
  return (await reader.get(keptWithImage, image, expiredBeforeTs)) !== undefined;
}

export function deletePreviewStatement({ urlHash, fetchedTs }: ExpiredPreview): Statement {
  return statement(remove, urlHash, fetchedTs);
}

function toPreview(row: PreviewRow): StoredPreview {
  return {
    fetchedTs: row.fetched_ts,
    expiresTs: row.expires_ts,
    etag: row.etag === null ? undefined : unescapeText(row.etag),
    image: row.image ?? undefined,
    json: unescapeText(row.preview),
  };
}
