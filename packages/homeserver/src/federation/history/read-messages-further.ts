import { formatHistoryToken } from '../../rooms/pagination-token.ts';
import { readMessages } from '../../rooms/read-messages.ts';
import type { MessagesPage, MessagesRequest } from '../../rooms/read-messages.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import { fillsPerPageMax, wholeRoomMs } from './limits.ts';
import type { RoomPasts } from './room-pasts.ts';
import { tokenDepth } from './token-depth.ts';

/**
 * A page of a room's history, of which other servers are asked for what this one lacks. Where they do not give it, the
 * page ends before the gap, and can be asked for again.
 */
export async function readMessagesFurther(
  rooms: Rooms,
  pasts: RoomPasts,
  request: MessagesRequest,
): Promise<MessagesPage> {
  let page = await readMessages(rooms, request);
  const roomNid = await rooms.names.rooms.find(request.roomId);
  if (request.direction === 'f' || roomNid === undefined) return page;
  const to = tokenDepth('from', page.start) ?? Number.MAX_SAFE_INTEGER;
  const stop = tokenDepth('to', request.to) ?? 0;
  for (let fills = 0; ; fills += 1) {
    const from = Math.max(tokenDepth('end', page.end) ?? 0, stop);
    const gaps = await pasts.gapsIn({ roomNid, from, to });
    const oldest = gaps.at(-1);
    if (oldest === undefined) return page;
    // Which servers have the past of a room, and what they may be told of it, is known with its members. What is there is
    // shown at once.
    const waitMs = page.chunk.length > 0 ? 0 : wholeRoomMs;
    const mayFill = fills < fillsPerPageMax && (await rooms.whole.isWholeWithin(roomNid, waitMs));
    const isFilled = mayFill && (await pasts.fill(roomNid, gaps));
    if (!isFilled) return { ...page, end: page.end ?? formatHistoryToken(oldest) };
    page = await readMessages(rooms, request);
  }
}
