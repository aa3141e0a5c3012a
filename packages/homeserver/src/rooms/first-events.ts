import { serverNameOf } from '@soma/protocol';

import type { EventDraft } from './build-event.ts';
import type { NewRoom } from './new-room.ts';
import { initialPowerLevels, presetState } from './room-presets.ts';
import type { InitialState } from './room-presets.ts';
import type { Rooms } from './rooms.ts';

/** All events after the create event, in the order that the spec gives (CS API, `POST /createRoom`). */
export async function firstEvents(rooms: Rooms, room: NewRoom): Promise<EventDraft[]> {
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
    ...aliasState(room).map(state),
    ...presetState(room.preset)
      .filter((one) => !overridden.has(keyOf(one)))
      .map(state),
    ...given.filter((one) => one !== levels).map(state),
    ...namingState(room).map(state),
    ...(await Promise.all(
      room.invite
        .filter((userId) => serverNameOf(userId) === rooms.serverName)
        .map((userId) => member(rooms, room, userId, 'invite')),
    )),
    ...(room.last ?? []),
  ];
}

/** `initial_state` without what `name` and `topic` replace. */
function givenState(room: NewRoom): InitialState[] {
  const naming = new Set(namingState(room).map(keyOf));
  return room.initialState.filter((one) => !naming.has(keyOf(one)));
}

function aliasState({ alias }: NewRoom): InitialState[] {
  if (alias === undefined) return [];
  return [{ type: 'm.room.canonical_alias', stateKey: '', content: { alias } }];
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
  const isInvited = membership === 'invite';
  const { displayName, avatarUrl } = isInvited
    ? await rooms.profileOfInvited(userId)
    : await rooms.profileOf(userId);
  return {
    type: 'm.room.member',
    stateKey: userId,
    sender: room.creator,
    content: {
      membership,
      ...(displayName === undefined ? {} : { displayname: displayName }),
      ...(avatarUrl === undefined ? {} : { avatar_url: avatarUrl }),
      ...(isInvited && room.isDirect ? { is_direct: true } : {}),
    },
  };
}
