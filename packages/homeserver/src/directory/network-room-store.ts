import { escapeText } from '../storage/escape-text.ts';
import { query, statement } from '../storage/sql.ts';
import type { Statement } from '../storage/sql.ts';

const insert = query(
  `insert into network_rooms (network_id, room_nid, service_id) values (?, ?, ?)
   on conflict do nothing`,
);
const remove = query(
  'delete from network_rooms where network_id = ? and room_nid = ? and service_id = ?',
);

/** A network, by the application service that publishes rooms of it. */
export interface Network {
  readonly serviceId: string;
  readonly networkId: string;
}

/** Shows a room in the directory of a network, or no longer. */
export function publishInNetworkStatement(
  { serviceId, networkId }: Network,
  roomNid: number,
  isPublic: boolean,
): Statement {
  const of = isPublic ? insert : remove;
  return statement(of, escapeText(networkId), roomNid, escapeText(serviceId));
}
