import { integerList, query, statement, textList } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

const ofRooms = query<{ room_nid: number; server_name: string }>(
  'select room_nid, server_name from servers_put_out where room_nid {in} and is_told = 0',
);
const put = query(
  `insert into servers_put_out (room_nid, server_name, is_told) values (?, ?, 0)
   on conflict (room_nid, server_name) do update set is_told = 0`,
);
const tell = query('update servers_put_out set is_told = 1 where room_nid = ?');
const forget = query('delete from servers_put_out where room_nid = ? and server_name {in_texts}');
const isPutOut = query(
  'select is_told from servers_put_out where room_nid = ? and server_name = ?',
);

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

export function tellPutOutStatement(roomNid: number): Statement {
  return statement(tell, roomNid);
}

/** Servers that have come to the room: from then on they are told what takes them out of it. */
export function forgetPutOutStatement(
  roomNid: number,
  serverNames: ReadonlySet<string>,
): Statement {
  return statement(forget, roomNid, textList(serverNames));
}

/** Whether the server may take itself to be in the room for a user who has no membership any more, and never left. */
export async function readWasPutOut(
  reader: Reader,
  roomNid: number,
  serverName: string,
): Promise<boolean> {
  return (await reader.get(isPutOut, roomNid, serverName)) !== undefined;
}
