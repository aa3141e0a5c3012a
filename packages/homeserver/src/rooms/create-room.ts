import { randomBytes } from 'node:crypto';

import type { JsonObject, RoomVersion, UserId } from '@soma/protocol';
import { serverNameOf } from '@soma/protocol';

import { MatrixError, forbidden } from '../errors/matrix-error.ts';
import { buildEvent } from './build-event.ts';
import type { EventDraft } from './build-event.ts';
import type { PreparedEvent } from './prepared-event.ts';
import { RoomHead } from './room-head.ts';
import { initialPowerLevels, presetState } from './room-presets.ts';
import type { InitialState, Preset } from './room-presets.ts';
import { runBody } from './room-write.ts';
import type { RoomWrite } from './room-write.ts';
import type { Rooms } from './rooms.ts';
import { EMPTY_SNAPSHOT } from './state-store.ts';

/** What a user wants of a new room (CS API, `POST /createRoom`). */
export interface NewRoom {
  readonly creator: string;
  readonly version: RoomVersion;
  readonly preset: Preset;
  readonly creationContent: JsonObject;
  readonly powerLevelsOverride: JsonObject;
  readonly initialState: readonly InitialState[];
  readonly name?: string | undefined;
  readonly topic?: string | undefined;
  readonly invite: readonly UserId[];
  readonly isDirect: boolean;
}

/** Makes a room: all its first events in one change, or none. Resolves to its ID; throws `MatrixError`. */
export async function createRoom(rooms: Rooms, room: NewRoom): Promise<string> {
  for (const userId of room.invite) {
    if (serverNameOf(userId) !== rooms.serverName) {
      throw forbidden(`${userId} is on another server, and this server does not federate`);
    }
  }
  const create = await buildCreate(rooms, room);
  const { roomId } = create.built;
  const roomNid = await rooms.names.rooms.intern(roomId);
  const head = emptyHead(rooms, room.version, roomId, roomNid);
  await rooms.heads.adopt(head);
  const { submitted } = await runBody(rooms, head, async (write) => {
    await appendAll(rooms, write, room, { ...create, roomNid });
  });
  await submitted?.done;
  return roomId;
}

function emptyHead(rooms: Rooms, version: RoomVersion, roomId: string, roomNid: number): RoomHead {
  return new RoomHead(
    { roomNid, roomId, version, extremities: [], snapshot: EMPTY_SNAPSHOT },
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
    if (!(error instanceof MatrixError) || error.errcode !== 'M_FORBIDDEN') throw error;
    throw new MatrixError(400, 'M_INVALID_ROOM_STATE', error.message);
  }
}

/** All events after the create event, in the order that the spec gives. */
async function firstEvents(rooms: Rooms, room: NewRoom): Promise<EventDraft[]> {
  const { creator } = room;
  const state = (one: InitialState): EventDraft => ({ ...one, sender: creator });
  const given = givenState(room);
  const overridden = new Set(given.map(keyOf));
  const levels = given.find((one) => one.type === 'm.room.power_levels' && one.stateKey === '');
  const admins = room.preset === 'trusted_private_chat' ? [creator, ...room.invite] : [creator];
  return [
    await member(rooms, room, creator, 'join'),
    {
      type: 'm.room.power_levels',
      stateKey: '',
      sender: creator,
      content:
        levels?.content ?? initialPowerLevels(room.version, admins, room.powerLevelsOverride),
    },
    ...presetState(room.preset)
      .filter((one) => !overridden.has(keyOf(one)))
      .map(state),
    ...given.filter((one) => one !== levels).map(state),
    ...namingState(room).map(state),
    ...(await Promise.all(room.invite.map((userId) => member(rooms, room, userId, 'invite')))),
  ];
}

/** `initial_state` without what `name` and `topic` replace. */
function givenState(room: NewRoom): InitialState[] {
  const naming = new Set(namingState(room).map(keyOf));
  return room.initialState.filter((one) => !naming.has(keyOf(one)));
}

function namingState({ name, topic }: NewRoom): InitialState[] {
  const events: InitialState[] = [];
  if (name !== undefined) {
    events.push({ type: 'm.room.name', stateKey: '', content: { name } });
  }
  if (topic !== undefined) {
    const text = { 'm.text': [{ mimetype: 'text/plain', body: topic }] };
    events.push({ type: 'm.room.topic', stateKey: '', content: { topic, 'm.topic': text } });
  }
  return events;
}

function keyOf({ type, stateKey }: InitialState): string {
  return `${type}\n${stateKey}`;
}

async function member(
  rooms: Rooms,
  room: NewRoom,
  userId: string,
  membership: 'join' | 'invite',
): Promise<EventDraft> {
  const { displayName, avatarUrl } = await rooms.profileOf(userId);
  return {
    type: 'm.room.member',
    stateKey: userId,
    sender: room.creator,
    content: {
      membership,
      ...(displayName === undefined ? {} : { displayname: displayName }),
      ...(avatarUrl === undefined ? {} : { avatar_url: avatarUrl }),
      ...(membership === 'invite' && room.isDirect ? { is_direct: true } : {}),
    },
  };
}
