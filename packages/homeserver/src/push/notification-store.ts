import { integerList, query, statement } from '../storage/sql.ts';
import type { Reader, SqlParam, Statement } from '../storage/sql.ts';

/** Of what singles a user out so many of the newest are remembered. */
const PERSONAL_MAX = 1_000;

const insertPersonal = query(
  `insert into personal_notifications (user_nid, position, room_nid, highlight) values (?, ?, ?, ?)
   on conflict do nothing`,
);
const forgetOldest = query(
  `delete from personal_notifications where user_nid = ? and position <= coalesce(
     (select position from personal_notifications where user_nid = ?
      order by position desc limit 1 offset ${PERSONAL_MAX}), 0)`,
);

interface PlaceRow {
  readonly room_nid: number;
  readonly position: number;
}

function queriesOf(isHighlight: boolean) {
  const marked = isHighlight ? 'and highlights > 0' : '';
  return {
    /** The user's rooms by what was last notified in them: (below which position, user, limit). */
    rooms: query<PlaceRow>(
      `select m.room_nid, coalesce((select n.position from unread_numbers n
         where n.room_nid = m.room_nid and n.position < ? ${marked}
         order by n.position desc limit 1), 0) as position
       from memberships m where m.user_nid = ? and m.membership = 1
       order by 2 desc limit ?`,
    ),
    /** (room, below which position, limit) */
    inRoom: query<PlaceRow>(
      `select distinct room_nid, position from unread_numbers
       where room_nid = ? and position < ? ${marked} order by position desc limit ?`,
    ),
    /** (user, below which position, limit) */
    personal: query<PlaceRow>(
      `select room_nid, position from personal_notifications
       where user_nid = ? and position < ? ${isHighlight ? 'and highlight = 1' : ''}
       order by position desc limit ?`,
    ),
  };
}

const queries = { all: queriesOf(false), highlight: queriesOf(true) };

const eventsAt = query<{ event_nid: number }>(
  'select event_nid from events where room_nid = ? and event_order {in}',
);
const threadsOf = query<{ event_nid: number; thread_nid: number }>(
  'select event_nid, thread_nid from event_threads where event_nid {in}',
);

/** An event that may have notified, by its place. */
export interface NotifiedPlace {
  readonly roomNid: number;
  readonly position: number;
}

/** Remembers an event that means more to one user than to others with the same rules. */
export function personalNotificationStatements(
  userNid: number,
  roomNid: number,
  position: SqlParam,
  isHighlight: boolean,
): Statement[] {
  return [
    statement(insertPersonal, userNid, position, roomNid, isHighlight ? 1 : 0),
    statement(forgetOldest, userNid, userNid),
  ];
}

/** Places below a position at which something may have notified the user, the newest first. */
export async function readNotifiedPlaces(
  reader: Reader,
  userNid: number,
  only: 'all' | 'highlight',
  below: number,
  limit: number,
): Promise<NotifiedPlace[]> {
  const of = queries[only];
  const places = new Map<number, number>();
  for (const row of await reader.all(of.personal, userNid, below, limit)) {
    places.set(row.position, row.room_nid);
  }
  let found = 0;
  for (const room of await reader.all(of.rooms, below, userNid, limit)) {
    // The rooms that are left hold nothing as new as what was found.
    if (room.position === 0 || (found >= limit && room.position < lowestOf(places, limit))) break;
    for (const row of await reader.all(of.inRoom, room.room_nid, below, limit)) {
      places.set(row.position, row.room_nid);
      found += 1;
    }
  }
  return [...places]
    .map(([position, roomNid]) => ({ position, roomNid }))
    .toSorted((one, other) => other.position - one.position)
    .slice(0, limit);
}

function lowestOf(places: ReadonlyMap<number, number>, limit: number): number {
  return [...places.keys()].toSorted((one, other) => other - one)[limit - 1] ?? 0;
}

export async function readEventNidsAt(
  reader: Reader,
  roomNid: number,
  positions: readonly number[],
): Promise<number[]> {
  const rows = await reader.all(eventsAt, roomNid, integerList(positions));
  return rows.map((row) => row.event_nid);
}

/** The threads of those events that are in one: event nid → root nid. */
export async function readThreadsOfEvents(
  reader: Reader,
  eventNids: readonly number[],
): Promise<Map<number, number>> {
  const rows = await reader.all(threadsOf, integerList(eventNids));
  return new Map(rows.map((row) => [row.event_nid, row.thread_nid]));
}
