import { randomBytes } from 'node:crypto';

import type { JsonObject, RoomVersion } from '@soma/protocol';

import { MatrixError } from '../errors/matrix-error.ts';
import { ChangeRefused } from '../storage/database.ts';
import { buildEvent } from './build-event.ts';
import { firstEvents } from './first-events.ts';
import type { NewRoom } from './new-room.ts';
import type { PreparedEvent } from './prepared-event.ts';
import { RoomHead } from './room-head.ts';
import { runBody } from './room-write.ts';
import type { RoomWrite } from './room-write.ts';
import type { Rooms } from './rooms.ts';
import { EMPTY_SNAPSHOT } from './state-store.ts';

/**
 * Makes a room: all its first events in one change, or none. Users of other servers are not invited yet, since that
 * takes their servers. Resolves to its ID; throws `MatrixError`, and
 * `ChangeRefused` where a guard of the additions does not hold.
 */
export async function createRoom(rooms: Rooms, room: NewRoom): Promise<string> {
  const create = await buildCreate(rooms, room);
  const { roomId } = create.built;
  const roomNid = await rooms.names.rooms.intern(roomId);
  const head = emptyHead(rooms, room.version, roomId, roomNid);
  await rooms.heads.adopt(head);
  const { submitted } = await runBody(rooms, head, async (write) => {
    await appendAll(rooms, write, room, { ...create, roomNid });
    const additions = room.additions?.(roomNid);
    write.add(...(additions?.statements ?? []));
    for (const guard of additions?.guards ?? []) write.guard(guard);
  });
  const outcome = await submitted?.done;
  if (outcome?.outcome === 'refused') throw new ChangeRefused(outcome.guard);
  return roomId;
}

function emptyHead(rooms: Rooms, version: RoomVersion, roomId: string, roomNid: number): RoomHead {
  return new RoomHead(
    { roomNid, roomId, version, extremities: [], snapshot: EMPTY_SNAPSHOT, isLast: true },
    rooms.database.reader,
    rooms.names,
    true,
  );
}

/** From version 12 on the room's ID is that of its create event, so this one is built before all else. */
function buildCreate(rooms: Rooms, room: NewRoom): Promise<PreparedEvent> {
  const { version, creator } = room;
  const roomId =
    version.roomId === 'create-event'
      ? ''
      : `!${randomBytes(13).toString('base64url')}:${rooms.serverName}`;
  const { creator: _, ...given } = room.creationContent;
  const content: JsonObject = { ...given, room_version: version.id };
  if (version.creators === 'content-creator') content['creator'] = creator;
  const additional = additionalCreators(room);
  if (additional.length > 0) content['additional_creators'] = additional;
  return buildEvent(rooms, emptyHead(rooms, version, roomId, 0), {
    type: 'm.room.create',
    stateKey: '',
    sender: creator,
    content,
    originServerTs: rooms.createTs(),
  });
}

function additionalCreators(room: NewRoom): string[] {
  if (room.version.creators !== 'sender-and-additional') return [];
  const { additional_creators: given } = room.creationContent;
  if (
    given !== undefined &&
    !(Array.isArray(given) && given.every((id) => typeof id === 'string'))
  ) {
    throw new MatrixError(400, 'M_BAD_JSON', 'additional_creators must be a list of user IDs');
  }
  const invited = room.preset === 'trusted_private_chat' ? room.invite : [];
  return [...new Set([...(given ?? []).map(String), ...invited])].filter(
    (userId) => userId !== room.creator,
  );
}

/** Of the auth rules. */
const REFUSALS: ReadonlySet<string> = new Set(['M_FORBIDDEN', 'M_BAD_JSON']);

async function appendAll(
  rooms: Rooms,
  write: RoomWrite,
  room: NewRoom,
  create: PreparedEvent,
): Promise<void> {
  try {
    await write.appendBuilt(create);
    for (const draft of await firstEvents(rooms, room)) await write.append(draft);
  } catch (error) {
    if (!(error instanceof MatrixError) || !REFUSALS.has(error.errcode)) throw error;
    throw new MatrixError(400, 'M_INVALID_ROOM_STATE', error.message);
  }
}
