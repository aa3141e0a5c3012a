import { query, statement } from '../../storage/sql.ts';
import type { Reader, Statement } from '../../storage/sql.ts';

const put = query(
  `insert into out_of_band_memberships (user_nid, room_nid, room_version, servers) values (?, ?, ?, ?)
   on conflict (user_nid, room_nid) do update set room_version = excluded.room_version,
     servers = excluded.servers`,
);
const one = query<{ room_version: string; servers: string }>(
  'select room_version, servers from out_of_band_memberships where user_nid = ? and room_nid = ?',
);
const ofUser = query<{ room_nid: number; room_version: string }>(
  'select room_nid, room_version from out_of_band_memberships where user_nid = ?',
);

/** What is known of a room that the user has a membership of, and this server is not in. */
export interface OutOfBandRoom {
  readonly roomVersion: string;
  /** Servers that were in the room when the membership came. */
  readonly servers: readonly string[];
}

export function putOutOfBandStatement(
  userNid: number,
  roomNid: number,
  { roomVersion, servers }: OutOfBandRoom,
): Statement {
  return statement(put, userNid, roomNid, roomVersion, JSON.stringify(servers));
}

export async function readOutOfBandRoom(
  reader: Reader,
  userNid: number,
  roomNid: number,
): Promise<OutOfBandRoom | undefined> {
  const row = await reader.get(one, userNid, roomNid);
  if (row === undefined) return undefined;
  const servers: unknown = JSON.parse(row.servers);
  return { roomVersion: row.room_version, servers: Array.isArray(servers) ? servers : [] };
}
