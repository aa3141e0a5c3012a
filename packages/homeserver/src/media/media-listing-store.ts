import { query } from '../storage/sql.ts';
import type { Query, Reader } from '../storage/sql.ts';
import { mediaColumns, toMedia } from './media-store.ts';
import type { Media, MediaRow } from './media-store.ts';

/** What a user's media can be ordered by; the names are Synapse's. */
const orderColumns = {
  media_id: 'm.media_id',
  upload_name: "coalesce(m.upload_name, '')",
  created_ts: 'm.created_ts',
  last_access_ts: 'm.last_access_ts',
  media_length: 'coalesce(m.size_bytes, 0)',
  media_type: 'm.media_type',
  quarantined_by: "coalesce(m.quarantined_by, '')",
  safe_from_quarantine: 'm.safe_from_quarantine',
} as const;

export type MediaOrder = keyof typeof orderColumns;
export const mediaOrders = Object.keys(orderColumns) as MediaOrder[];

const pages = new Map<string, Query<MediaRow>>();
for (const [order, column] of Object.entries(orderColumns)) {
  for (const direction of ['asc', 'desc']) {
    const page = query<MediaRow>(
      `select ${mediaColumns} from media m where m.user_nid = ? and m.origin = ''
       order by ${column} ${direction}, m.media_id limit ? offset ?`,
    );
    pages.set(`${order} ${direction}`, page);
  }
}
const count = query<{ total: number }>(
  `select count(*) as total from media where user_nid = ? and origin = ''`,
);

export interface MediaPage {
  readonly from: number;
  readonly limit: number;
  readonly order: MediaOrder;
  readonly isDescending: boolean;
}

/** A page of what the user has uploaded or reserved, and how much there is in all. */
export async function readMediaOfUser(
  reader: Reader,
  userNid: number,
  { from, limit, order, isDescending }: MediaPage,
): Promise<{ media: Media[]; total: number }> {
  const page = pages.get(`${order} ${isDescending ? 'desc' : 'asc'}`);
  if (page === undefined) throw new Error(`media cannot be ordered by ${order}`);
  const rows = await reader.all(page, userNid, limit, from);
  const { total = 0 } = (await reader.get(count, userNid)) ?? {};
  return { media: rows.map(toMedia), total };
}
