import { integerList, query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

const ofRooms = query<{ room_nid: number; server_name: string }>(
  'select room_nid, server_name from servers_put_out where room_nid {in}',
);
const put = query(
  `insert into servers_put_out (room_nid, server_name) values (?, ?)
   on conflict (room_nid, server_name) do nothing`,
);
const drop = query('delete from servers_put_out where room_nid = ?');

/** By room, the servers that the next event of this server is for too: nothing else tells them that they are out of it. */
export async function readServersPutOut(
  reader: Reader,
  roomNids: ReadonlySet<number>,
): Promise<Map<number, Set<string>>> {
  const found = new Map<number, Set<string>>();
  if (roomNids.size === 0) return found;
  for (const row of await reader.all(ofRooms, integerList([...roomNids]))) {
    const names = found.get(row.room_nid) ?? new Set();
    found.set(row.room_nid, names.add(row.server_name));
  }
  return found;
}

export function putOutStatement(roomNid: number, serverName: string): Statement {
  return statement(put, roomNid, serverName);
}

/** They are told. */
export function forgetPutOutStatement(roomNid: number): Statement {
  return statement(drop, roomNid);
}
