import { parseUserId } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { invalidParam } from '../errors/matrix-error.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { countSharedRooms, readSharedRooms } from './mutual-room-store.ts';

const PAGE_ROOMS = 100;
const TOKEN = /^\d{1,15}$/;

/** The rooms that a user shares with another one (CS API, `GET /mutual_rooms`). Throws `400 M_INVALID_PARAM`. */
export async function mutualRooms(
  { database, names }: Rooms,
  user: { readonly userId: string; readonly userNid: number },
  otherId: string,
  from = '0',
): Promise<JsonObject> {
  if (parseUserId(otherId) === undefined) throw invalidParam('user_id is not a user ID');
  if (otherId === user.userId) throw invalidParam('user_id is your own');
  if (!TOKEN.test(from)) throw invalidParam('from is not a token of this list');
  const otherNid = await names.users.find(otherId);
  if (otherNid === undefined) return { joined: [], count: 0 };
  const { reader } = database;
  const above = Number(from);
  const found = await readSharedRooms(reader, user.userNid, otherNid, above, PAGE_ROOMS + 1);
  const roomNids = found.slice(0, PAGE_ROOMS);
  const isLast = found.length <= PAGE_ROOMS;
  return {
    joined: await Promise.all(roomNids.map((roomNid) => names.rooms.text(roomNid))),
    count: await countSharedRooms(reader, user.userNid, otherNid),
    ...(isLast ? {} : { next_batch: String(roomNids.at(-1)) }),
  };
}
