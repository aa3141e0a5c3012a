import type { JsonObject } from '@soma/protocol';

import { readContext } from '../../rooms/read-context.ts';
import type { ContextRequest } from '../../rooms/read-context.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import type { RoomPasts } from './room-pasts.ts';
import { tokenDepth } from './token-depth.ts';

/** What surrounds an event; other servers are asked for what this one lacks between. */
export async function readContextFurther(
  rooms: Rooms,
  pasts: RoomPasts,
  request: ContextRequest,
): Promise<JsonObject> {
  const context = await readContext(rooms, request);
  const { start, end } = context;
  const roomNid = await rooms.names.rooms.find(request.roomId);
  if (roomNid === undefined || typeof start !== 'string' || typeof end !== 'string') return context;
  const from = tokenDepth('start', start) ?? 0;
  const to = tokenDepth('end', end) ?? Number.MAX_SAFE_INTEGER;
  const gaps = await pasts.gapsIn({ roomNid, from, to });
  const isFilled = gaps.length > 0 && (await pasts.fill(roomNid, gaps));
  return isFilled ? readContext(rooms, request) : context;
}
