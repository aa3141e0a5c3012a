import { unescapeText } from '../storage/escape-text.ts';
import { query } from '../storage/sql.ts';
import type { Query, Reader } from '../storage/sql.ts';

/** What an operator sees of a server that this one has sent to, or has not reached. */
export interface DestinationStatus {
  readonly serverName: string;
  /** 0 for one that does not fail, as the next. */
  readonly lastTriedTs: number;
  readonly retryIntervalMs: number;
  readonly failingSinceTs: number | undefined;
  /** The order of the last event that it got in its turn; undefined before the first. */
  readonly sentPosition: number | undefined;
}

interface StatusRow {
  readonly server_name: string;
  readonly last_tried_ts: number;
  readonly retry_interval_ms: number;
  readonly failing_since_ts: number;
  readonly sent_position: number;
}

const all = `select n.server_name, coalesce(f.last_tried_ts, 0) as last_tried_ts,
    coalesce(f.retry_interval_ms, 0) as retry_interval_ms,
    coalesce(f.failing_since_ts, 0) as failing_since_ts,
    coalesce(o.sent_position, 0) as sent_position
  from (select server_name from outbox_destinations union select server_name from destinations) n
  left join destinations f on f.server_name = n.server_name
  left join outbox_destinations o on o.server_name = n.server_name`;
const matching = `where lower(n.server_name) like ? escape '!'`;

const orderColumns = {
  destination: 'n.server_name',
  retry_last_ts: 'last_tried_ts',
  retry_interval: 'retry_interval_ms',
  failure_ts: 'failing_since_ts',
  last_successful_stream_ordering: 'sent_position',
} as const;

export type DestinationOrder = keyof typeof orderColumns;
export const destinationOrders = Object.keys(orderColumns) as DestinationOrder[];

const pages = new Map<string, Query<StatusRow>>();
for (const order of destinationOrders) {
  for (const direction of ['asc', 'desc']) {
    const sorted = `order by ${orderColumns[order]} ${direction}, n.server_name limit ? offset ?`;
    pages.set(`${order} ${direction}`, query<StatusRow>(`${all} ${matching} ${sorted}`));
  }
}
const count = query<{ total: number }>(
  `select count(*) as total
   from (select server_name from outbox_destinations union select server_name from destinations) n
   ${matching}`,
);
const one = query<StatusRow>(`${all} where n.server_name = ?`);
const roomCount = query<{ total: number }>(
  'select count(*) as total from outbox_rooms where server_name = ?',
);
const roomsOf = (direction: 'asc' | 'desc') =>
  query<{ room_id: string; last_order: number }>(
    `select r.room_id, o.last_order from outbox_rooms o join rooms r on r.room_nid = o.room_nid
     where o.server_name = ? order by r.room_id ${direction} limit ? offset ?`,
  );
const roomsAscending = roomsOf('asc');
const roomsDescending = roomsOf('desc');

export interface DestinationsWanted {
  readonly from: number;
  readonly limit: number;
  readonly order: DestinationOrder;
  readonly isDescending: boolean;
  /** Part of the name, whatever the case of its letters. */
  readonly namePart: string;
}

/** A page of the destinations, and how many match in all. */
export async function readDestinations(
  reader: Reader,
  wanted: DestinationsWanted,
): Promise<{ destinations: DestinationStatus[]; total: number }> {
  const { from, limit, order, isDescending, namePart } = wanted;
  const pattern = `%${namePart.toLowerCase().replaceAll(/[!%_]/g, '!$&')}%`;
  const page = pages.get(`${order} ${isDescending ? 'desc' : 'asc'}`);
  if (page === undefined) throw new Error(`destinations are not ordered by ${order}`);
  const rows = await reader.all(page, pattern, limit, from);
  const total = (await reader.get(count, pattern))?.total ?? 0;
  return { destinations: rows.map(toStatus), total };
}

export async function readDestination(
  reader: Reader,
  serverName: string,
): Promise<DestinationStatus | undefined> {
  const row = await reader.get(one, serverName);
  return row === undefined ? undefined : toStatus(row);
}

/** A page of the rooms of which the destination was sent something, by ID, each with the last event to send. */
export async function readRoomsOfDestination(
  reader: Reader,
  serverName: string,
  page: Pick<DestinationsWanted, 'from' | 'limit' | 'isDescending'>,
): Promise<{ rooms: { roomId: string; lastOrder: number }[]; total: number }> {
  const sorted = page.isDescending ? roomsDescending : roomsAscending;
  const rows = await reader.all(sorted, serverName, page.limit, page.from);
  const total = (await reader.get(roomCount, serverName))?.total ?? 0;
  return {
    rooms: rows.map((row) => ({ roomId: unescapeText(row.room_id), lastOrder: row.last_order })),
    total,
  };
}

function toStatus(row: StatusRow): DestinationStatus {
  return {
    serverName: row.server_name,
    lastTriedTs: row.last_tried_ts,
    retryIntervalMs: row.retry_interval_ms,
    failingSinceTs: row.failing_since_ts === 0 ? undefined : row.failing_since_ts,
    sentPosition: row.sent_position === 0 ? undefined : row.sent_position,
  };
}
