import { query, statement } from '../storage/sql.ts';
import type { Statement } from '../storage/sql.ts';

const put = query(
  `insert into event_relays (event_nid, is_sent, except_server) values (?, ?, ?)
   on conflict (event_nid) do nothing`,
);

/**
 * Says that this server sends the event to the others in the room although `origin` made it: it came by `/send_join`,
 * `/send_leave`, `/send_knock` or as a signed invite. Belongs into the change that holds the event.
 */
export function relayEventStatement(eventNid: number, origin: string): Statement {
  return statement(put, eventNid, 1, origin);
}

/** Says that an event of a user of this server is not sent: a resident server brings it to the room. */
export function withholdEventStatement(eventNid: number): Statement {
  return statement(put, eventNid, 0, null);
}
