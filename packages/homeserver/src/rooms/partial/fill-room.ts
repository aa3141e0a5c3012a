import { roomVersion } from '@soma/protocol';

import { FederationError } from '../../federation-client/federation-error.ts';
import { readEvent } from '../event-store.ts';
import { isServerInRoom } from '../graph-store.ts';
import { ImportRefused } from '../inbound/room-intake.ts';
import { readPartialRoom } from '../partial-room-store.ts';
import { readCreateEventNid, readRoomVersion } from '../state-store.ts';
import type { Snapshot } from '../state-store.ts';
import { askWholeState } from './ask-whole-state.ts';
import { completeRoom } from './complete-room.ts';
import type { FillingContext, RoomToFill } from './filling-context.ts';
import { askGapStates } from './gap-states.ts';
import { serversAskedMax } from './limits.ts';
import { takeWholeState } from './take-whole-state.ts';

/**
 * One round of learning the rest of a room: asks the server that answered the join, then the others that are in the room.
 * Resolves to whether there is nothing left to do.
 *
 * @param isStrict see {@link takeWholeState}; also whether it waits for servers that may know the states before events
 */
export async function fillRoom(
  context: FillingContext,
  roomNid: number,
  isStrict: boolean,
): Promise<boolean> {
  const room = await findRoom(context, roomNid);
  if (room === undefined) return true;
  const { reader } = context.rooms.database;
  const servers = serversToAsk(context, room);
  for (const server of servers) {
    // What others still tell nobody here would read; who comes back joins anew.
    if (!(await isServerInRoom(reader, roomNid))) return true;
    const beforeJoin = await tryServer(context, room, server, isStrict);
    if (beforeJoin === undefined) continue;
    const { told, open } = await askGapStates(context, room, [server, ...servers], beforeJoin);
    if (isStrict && open > 0) return false;
    const position = await completeRoom(context, room, { beforeJoin, told });
    const about = { room: room.roomId, server, position };
    if (position !== undefined) context.logger.info(about, 'room known as a whole');
    return position !== undefined;
  }
  return false;
}

async function findRoom(
  { rooms }: FillingContext,
  roomNid: number,
): Promise<RoomToFill | undefined> {
  const { reader } = rooms.database;
  const partial = await readPartialRoom(reader, roomNid);
  if (partial === undefined) return undefined;
  const version = roomVersion((await readRoomVersion(reader, roomNid)) ?? '');
  const join = await readEvent(reader, partial.joinEventNid);
  const createEventNid = await readCreateEventNid(reader, roomNid);
  if (version === undefined || join === undefined || createEventNid === undefined) {
    throw new Error(`room ${roomNid} was joined in part and is not there`);
  }
  const roomId = await rooms.names.rooms.text(roomNid);
  return { partial, roomId, version, joinEventId: join.event_id, createEventNid };
}

function serversToAsk({ rooms, client }: FillingContext, { partial }: RoomToFill): string[] {
  const all = new Set([partial.resident, ...partial.serversInRoom]);
  all.delete(rooms.serverName);
  return [...all].filter((server) => client.allows(server)).slice(0, serversAskedMax);
}

async function tryServer(
  context: FillingContext,
  room: RoomToFill,
  server: string,
  isStrict: boolean,
): Promise<Snapshot | undefined> {
  try {
    const told = await askWholeState(context, room, server);
    return await takeWholeState(context, room, server, told, isStrict);
  } catch (error) {
    const isOfOthers = error instanceof FederationError || error instanceof ImportRefused;
    if (!isOfOthers) throw error;
    if (context.signal.aborted) throw error;
    context.logger.info({ room: room.roomId, server, err: error }, 'no whole state of a room');
    return undefined;
  }
}
