import { POSITION, query, statement } from '../../storage/sql.ts';
import type { Reader, Statement } from '../../storage/sql.ts';

interface Row {
  readonly root_id: string;
  readonly room_id: string;
  readonly subscribed: number;
  readonly automatic: number;
  readonly position: number;
}

const put = query(
  `insert into thread_subscriptions (user_nid, root_nid, room_nid, subscribed, automatic, position)
   values (?, ?, ?, ?, ?, ?)
   on conflict (user_nid, root_nid) do update set subscribed = excluded.subscribed,
     automatic = excluded.automatic, position = excluded.position`,
);
const one = query<Pick<Row, 'subscribed' | 'automatic' | 'position'>>(
  `select subscribed, automatic, position from thread_subscriptions
   where user_nid = ? and root_nid = ?`,
);
/** (user, above which position, up to which, limit) */
const changed = query<Row>(
  `select e.event_id as root_id, r.room_id, s.subscribed, s.automatic, s.position
   from thread_subscriptions s join events e on e.event_nid = s.root_nid
     join rooms r on r.room_nid = s.room_nid
   where s.user_nid = ? and s.position > ? and s.position <= ? order by s.position desc limit ?`,
);

/** Whether a user follows a thread (MSC4306). */
export interface ThreadSubscription {
  readonly isSubscribed: boolean;
  /** Since the user took part, and not because of a wish. */
  readonly isAutomatic: boolean;
  /** At which it became so. */
  readonly position: number;
}

/** A subscription with its thread. */
export interface SubscribedThread extends ThreadSubscription {
  readonly roomId: string;
  readonly rootId: string;
}

export function putSubscriptionStatement(
  userNid: number,
  thread: { readonly rootNid: number; readonly roomNid: number },
  { isSubscribed, isAutomatic }: Omit<ThreadSubscription, 'position'>,
): Statement {
  const flags = [isSubscribed ? 1 : 0, isAutomatic ? 1 : 0] as const;
  return statement(put, userNid, thread.rootNid, thread.roomNid, ...flags, POSITION);
}

export async function readSubscription(
  reader: Reader,
  userNid: number,
  rootNid: number,
): Promise<ThreadSubscription | undefined> {
  const row = await reader.get(one, userNid, rootNid);
  return row === undefined ? undefined : toSubscription(row);
}

/** What changed in (`above`, `upTo`], the newest first. */
export async function readSubscriptionsChanged(
  reader: Reader,
  userNid: number,
  above: number,
  upTo: number,
  limit: number,
): Promise<SubscribedThread[]> {
  const rows = await reader.all(changed, userNid, above, upTo, limit);
  return rows.map((row) => ({
    ...toSubscription(row),
    roomId: row.room_id,
    rootId: row.root_id,
  }));
}

function toSubscription(
  row: Pick<Row, 'subscribed' | 'automatic' | 'position'>,
): ThreadSubscription {
  return {
    isSubscribed: row.subscribed === 1,
    isAutomatic: row.automatic === 1,
    position: row.position,
  };
}
