import { query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';
import type { ThumbnailShape } from './stores/file-store.ts';

interface ThumbnailRow {
  readonly width: number;
  readonly height: number;
  readonly method: 'crop' | 'scale';
  readonly animated: number;
  /** Null while its file is being stored. */
  readonly media_type: string | null;
  readonly size_bytes: number | null;
}

/** A thumbnail that is there. */
export interface Thumbnail {
  readonly mediaType: string;
  /** Undefined where the picture itself is small enough to be its own thumbnail. */
  readonly bytes: number | undefined;
}

/** The size of what has no file of its own. */
const AS_IT_IS = -1;

const one = query<ThumbnailRow>(
  `select width, height, method, animated, media_type, size_bytes from media_thumbnails
   where sha256 = ? and width = ? and height = ? and method = ? and animated = ?`,
);
const all = query<ThumbnailRow>(
  `select width, height, method, animated, media_type, size_bytes from media_thumbnails
   where sha256 = ?`,
);
const begin = query(
  `insert into media_thumbnails (sha256, width, height, method, animated) values (?, ?, ?, ?, ?)
   on conflict (sha256, width, height, method, animated) do nothing`,
);
const finish = query(
  `update media_thumbnails set media_type = ?, size_bytes = ?
   where sha256 = ? and width = ? and height = ? and method = ? and animated = ?`,
);
const remove = query('delete from media_thumbnails where sha256 = ?');

export async function readThumbnail(
  reader: Reader,
  sha256: string,
  { width, height, method, isAnimated }: ThumbnailShape,
): Promise<Thumbnail | undefined> {
  const row = await reader.get(one, sha256, width, height, method, isAnimated ? 1 : 0);
  if (row === undefined || row.media_type === null || row.size_bytes === null) return undefined;
  const bytes = row.size_bytes === AS_IT_IS ? undefined : row.size_bytes;
  return { mediaType: row.media_type, bytes };
}

/** Also of those whose file may not be there yet. */
export async function readThumbnailShapes(
  reader: Reader,
  sha256: string,
): Promise<ThumbnailShape[]> {
  const rows = await reader.all(all, sha256);
  return rows.map(({ width, height, method, animated }) => ({
    width,
    height,
    method,
    isAnimated: animated === 1,
  }));
}

/** Before its file is stored, so that the file is found when the media is deleted. */
export function beginThumbnailStatement(
  sha256: string,
  { width, height, method, isAnimated }: ThumbnailShape,
): Statement {
  return statement(begin, sha256, width, height, method, isAnimated ? 1 : 0);
}

export function finishThumbnailStatement(
  sha256: string,
  { width, height, method, isAnimated }: ThumbnailShape,
  { mediaType, bytes }: Thumbnail,
): Statement {
  const shape = [sha256, width, height, method, isAnimated ? 1 : 0] as const;
  return statement(finish, mediaType, bytes ?? AS_IT_IS, ...shape);
}

export function deleteThumbnailsStatement(sha256: string): Statement {
  return statement(remove, sha256);
}
