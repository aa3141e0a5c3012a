import { query, statement } from '../../storage/sql.ts';
import type { Reader, Statement } from '../../storage/sql.ts';
import type { EmailThrottle } from './email-throttle.ts';

const ofPusher = query<{
  room_nid: number;
  last_event_ts: number;
  last_sent_ts: number;
  wait_ms: number;
}>(
  `select room_nid, last_event_ts, last_sent_ts, wait_ms from email_throttles
   where pusher_nid = ?`,
);
const put = query(
  `insert into email_throttles (pusher_nid, room_nid, last_event_ts, last_sent_ts, wait_ms)
   values (?, ?, ?, ?, ?)
   on conflict (pusher_nid, room_nid) do update set last_event_ts = excluded.last_event_ts,
     last_sent_ts = excluded.last_sent_ts, wait_ms = excluded.wait_ms`,
);

/** By room. */
export async function readEmailThrottles(
  reader: Reader,
  pusherNid: number,
): Promise<Map<number, EmailThrottle>> {
  const rows = await reader.all(ofPusher, pusherNid);
  return new Map(
    rows.map((row) => [
      row.room_nid,
      { lastEventTs: row.last_event_ts, lastSentTs: row.last_sent_ts, waitMs: row.wait_ms },
    ]),
  );
}

export function putEmailThrottleStatement(
  pusherNid: number,
  roomNid: number,
  { lastEventTs, lastSentTs, waitMs }: EmailThrottle,
): Statement {
  return statement(put, pusherNid, roomNid, lastEventTs, lastSentTs, waitMs);
}
