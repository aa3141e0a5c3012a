import { unescapeText } from '../storage/escape-text.ts';
import { query } from '../storage/sql.ts';
import type { Reader } from '../storage/sql.ts';

/** So many pieces of media, and their bytes. */
export interface Usage {
  readonly name: string;
  readonly count: number;
  readonly bytes: number;
}

const sums = `count(*) as count, cast(coalesce(sum(size_bytes), 0) as bigint) as bytes`;

const byOrigin = query<Usage>(
  `select case when origin = '' then 'of this server' else 'of other servers' end as name, ${sums}
   from media where sha256 is not null group by 1 order by 1`,
);
const stored = query<{ count: number; bytes: number }>(
  `select ${sums} from (
     select max(size_bytes) as size_bytes from media where sha256 is not null group by sha256
   ) s`,
);
const byType = query<Usage>(
  `select media_type as name, ${sums} from media where sha256 is not null group by media_type`,
);
const ofAge = query<{ count: number; bytes: number }>(
  `select ${sums} from media where sha256 is not null and created_ts > ? and created_ts <= ?`,
);

/** This server's own, what is fetched, and the files that both together take. */
export async function readTotals(reader: Reader): Promise<Usage[]> {
  const origins = await reader.all(byOrigin);
  const files = await reader.get(stored);
  return [...origins, { name: 'as files', count: files?.count ?? 0, bytes: files?.bytes ?? 0 }];
}

/** By media type without its parameters. */
export async function readTypes(reader: Reader): Promise<Usage[]> {
  const types = new Map<string, Usage>();
  for (const { name: type, count, bytes } of await reader.all(byType)) {
    const name = (unescapeText(type).split(';', 1)[0] ?? '').trim().toLowerCase();
    const known = types.get(name);
    types.set(name, {
      name,
      count: count + (known?.count ?? 0),
      bytes: bytes + (known?.bytes ?? 0),
    });
  }
  return [...types.values()];
}

/** Of media stored after `afterTs` and not after `untilTs`. */
export async function readAge(
  reader: Reader,
  afterTs: number,
  untilTs: number,
): Promise<{ count: number; bytes: number }> {
  return (await reader.get(ofAge, afterTs, untilTs)) ?? { count: 0, bytes: 0 };
}
