import { isJsonObject, parseServerName } from '@soma/protocol';
import type { JsonValue } from '@soma/protocol';

import { unescapeText } from '../storage/escape-text.ts';
import { query } from '../storage/sql.ts';
import type { Reader } from '../storage/sql.ts';
import { Turns } from '../streams/turns.ts';

/** A member of a room changed: what of it concerns the servers in the room. */
export interface MemberChange {
  readonly position: number;
  readonly userId: string;
  readonly serverName: string;
  readonly stateKeyNid: number;
  /** What the membership was before, if there was one. */
  readonly oldEventNid: number | null;
  /** How many members the server has more. */
  readonly difference: number;
  /** An invite or knock came to nothing, of which the server would not hear otherwise. */
  readonly isTurnedAway: boolean;
  /** No event says that the member has gone: state resolution has left it without a membership. */
  readonly isReset: boolean;
}

const MEMBERS_AT_ONCE = 2_000;

/** (room, above position, above user, limit) */
const joined = query<{ user_nid: number; position: number; user_id: string }>(
  `select m.user_nid, m.position, u.user_id
   from memberships m join users u on u.user_nid = m.user_nid
   where m.room_nid = ? and m.membership = 1 and (m.position, m.user_nid) > (?, ?)
   order by m.position, m.user_nid limit ?`,
);
/** (room, above, up to, limit) */
const changed = query<{
  position: number;
  state_key_nid: number;
  state_key: string;
  old_event_nid: number | null;
  old_json: string | null;
  new_json: string | null;
}>(
  `select c.position, c.state_key_nid, k.state_key, c.old_event_nid, o.json as old_json,
     n.json as new_json
   from state_changes c join state_keys k on k.state_key_nid = c.state_key_nid
   left join events o on o.event_nid = c.old_event_nid
   left join events n on n.event_nid = c.new_event_nid
   where c.room_nid = ? and c.position > ? and c.position <= ?
     and k.type_nid = (select type_nid from event_types where type = 'm.room.member')
   order by c.position limit ?`,
);
const partial = query<{ servers_in_room: string }>(
  'select servers_in_room from partial_rooms where room_nid = ?',
);

/** How many joined members each server has. */
export async function countServers(reader: Reader, roomNid: number): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const turns = new Turns();
  for (let position = Number.MIN_SAFE_INTEGER, userNid = 0; ;) {
    const rows = await reader.all(joined, roomNid, position, userNid, MEMBERS_AT_ONCE);
    for (const row of rows) {
      const serverName = serverOf(row.user_id);
      const count = counts.get(serverName) ?? 0;
      if (count > 0 || parseServerName(serverName) !== undefined) counts.set(serverName, count + 1);
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < MEMBERS_AT_ONCE) return counts;
    position = last.position;
    userNid = last.user_nid;
    await turns.next();
  }
}

/** The changes of members in (`above`, `upTo`], oldest first; undefined when there are more than `limit`. */
export async function readMemberChanges(
  reader: Reader,
  roomNid: number,
  above: number,
  upTo: number,
  limit: number,
): Promise<MemberChange[] | undefined> {
  const rows = await reader.all(changed, roomNid, above, upTo, limit + 1);
  if (rows.length > limit) return undefined;
  return rows.flatMap((row) => {
    const userId = unescapeText(row.state_key);
    const serverName = parseServerName(serverOf(row.state_key));
    const before = membershipIn(row.old_json);
    const after = membershipIn(row.new_json);
    if (serverName === undefined || before === after) return [];
    const difference = Number(after === 'join') - Number(before === 'join');
    const isTurnedAway =
      (before === 'invite' || before === 'knock') && (after === 'leave' || after === 'ban');
    const { position, state_key_nid: stateKeyNid, old_event_nid: oldEventNid } = row;
    const isReset = row.new_json === null;
    const nids = { stateKeyNid, oldEventNid };
    return [{ position, userId, serverName, ...nids, difference, isTurnedAway, isReset }];
  });
}

/** The servers in a room whose members are not all known yet, as a resident server named them. */
export async function readServersOfPartialRoom(
  reader: Reader,
  roomNid: number,
): Promise<readonly string[] | undefined> {
  const row = await reader.get(partial, roomNid);
  if (row === undefined) return undefined;
  const names: unknown = JSON.parse(row.servers_in_room);
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
}

/** Of a user ID as it is stored. */
function serverOf(userId: string): string {
  const text = unescapeText(userId);
  return text.slice(text.indexOf(':') + 1);
}

function membershipIn(json: string | null): JsonValue | undefined {
  if (json === null) return undefined;
  const { content }: { content?: JsonValue } = JSON.parse(json);
  return isJsonObject(content) ? content['membership'] : undefined;
}
