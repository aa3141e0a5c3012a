import { parseUserId } from '../identifiers.ts';
import { roomVersion } from '../room-versions/room-version.ts';
import type { RoomVersion } from '../room-versions/types.ts';
import { domainOf } from './domain-of.ts';
import { otherwiseAllow, reject } from './rule.ts';
import type { RuleGroup } from './rule.ts';

/** If type is `m.room.create`. */
export const create: RuleGroup = {
  when: ({ event }) => event.type === 'm.room.create',
  rules: [
    {
      check: ({ event }) =>
        event.prev_events.length > 0 ? reject('a create event has prev_events') : undefined,
    },
    {
      in: hasDomainInRoomId,
      check: ({ event }) =>
        domainOf(event.room_id ?? '') === domainOf(event.sender)
          ? undefined
          : reject('the room ID is of another server than the sender'),
    },
    {
      in: (version) => !hasDomainInRoomId(version),
      check: ({ event }) =>
        event.room_id === undefined ? undefined : reject('the create event has a room_id'),
    },
    {
      check: (context) =>
        isKnownVersion(context.content('room_version'))
          ? undefined
          : reject('the room version is not known'),
    },
    {
      in: ({ creators }) => creators === 'content-creator',
      check: (context) =>
        context.content('creator') === undefined
          ? reject('the create event names no creator')
          : undefined,
    },
    {
      in: ({ creators }) => creators === 'sender-and-additional',
      check: (context) =>
        isUserIdList(context.content('additional_creators'))
          ? undefined
          : reject('additional_creators is not a list of user IDs'),
    },
    otherwiseAllow,
  ],
};

function hasDomainInRoomId({ roomId }: RoomVersion): boolean {
  return roomId === 'domain';
}

function isKnownVersion(id: unknown): boolean {
  return id === undefined || (typeof id === 'string' && roomVersion(id) !== undefined);
}

function isUserIdList(value: unknown): boolean {
  if (value === undefined) return true;
  return Array.isArray(value) && value.every((userId) => parseUserId(userId) !== undefined);
}
