import { MatrixError } from '../../errors/matrix-error.ts';
import { findEventByTime } from '../../rooms/find-event-by-time.ts';
import type { EventAtTime, TimeRequest } from '../../rooms/find-event-by-time.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import { serversAskedForTimeMax } from './limits.ts';
import type { RoomPasts } from './room-pasts.ts';

/**
 * The event closest to a time; other servers are asked where this one lacks what may be closer (SS API,
 * `GET /timestamp_to_event/{roomId}`). Throws `404 M_NOT_FOUND`, `403 M_FORBIDDEN`.
 */
export async function findEventFurther(
  rooms: Rooms,
  pasts: RoomPasts,
  request: TimeRequest,
): Promise<EventAtTime> {
  const own = await findOwn(rooms, request);
  const roomNid = await rooms.names.rooms.find(request.roomId);
  if (roomNid !== undefined && (await mayBeCloser(pasts, roomNid, request, own))) {
    for (const server of (await pasts.serversOf(roomNid)).slice(0, serversAskedForTimeMax)) {
      const theirs = await pasts.askTime(roomNid, server, request);
      if (theirs === undefined || !isCloser(theirs, own, request)) continue;
      if ((await pasts.fillFrom(roomNid, server, [theirs.event_id])) > 0) break;
    }
  }
  return findEventByTime(rooms, request);
}

async function findOwn(rooms: Rooms, request: TimeRequest): Promise<EventAtTime | undefined> {
  try {
    return await findEventByTime(rooms, request);
  } catch (error) {
    if (error instanceof MatrixError && error.errcode === 'M_NOT_FOUND') return undefined;
    throw error;
  }
}

/** Whether an event is missing that comes before one which is later than what was found. */
async function mayBeCloser(
  pasts: RoomPasts,
  roomNid: number,
  { timestampMs, direction }: TimeRequest,
  own: EventAtTime | undefined,
): Promise<boolean> {
  const gaps = await pasts.gapsIn({ roomNid, from: 0, to: Number.MAX_SAFE_INTEGER });
  if (own === undefined) return gaps.length > 0;
  const laterThan = direction === 'f' ? timestampMs : own.origin_server_ts;
  return gaps.some(({ originServerTs }) => originServerTs >= laterThan);
}

function isCloser(
  { origin_server_ts: theirs }: EventAtTime,
  own: EventAtTime | undefined,
  { timestampMs, direction }: TimeRequest,
): boolean {
  return direction === 'f'
    ? theirs >= timestampMs && theirs < (own?.origin_server_ts ?? Infinity)
    : theirs <= timestampMs && theirs > (own?.origin_server_ts ?? -Infinity);
}
