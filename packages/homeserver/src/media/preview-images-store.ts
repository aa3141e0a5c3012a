import { query } from '../storage/sql.ts';
import type { Reader } from '../storage/sql.ts';

const strays = query<{ media_nid: number }>(
  `select m.media_nid from media m where m.url_cache is not null and m.created_ts < ?
   and not exists (select 1 from url_previews p where p.image = ? || m.media_id)
   order by m.created_ts limit ?`,
);

/** The pictures stored before a time that no preview shows, oldest first. */
export async function readStrayImages(
  reader: Reader,
  beforeTs: number,
  mxcPrefix: string,
  limit: number,
): Promise<number[]> {
  const rows = await reader.all(strays, beforeTs, mxcPrefix, limit);
  return rows.map((row) => row.media_nid);
}
