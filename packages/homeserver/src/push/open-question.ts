import { powerLevels } from '@soma/protocol';
import type { PushEvent, PushRoom } from '@soma/protocol';

import { readCounts } from '../membership/membership-store.ts';
import { loadState } from '../rooms/read-state.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { readCurrentStateKey } from '../rooms/state-store.ts';
import type { StoredEvent } from '../rooms/stored-event.ts';
import type { Reader } from '../storage/sql.ts';

/** What push rules ask about a room, answered from its current state. */
export interface OpenQuestion {
  questionOf(event: PushEvent): PushRoom;
  displayNameOf(userId: string): Promise<string | undefined>;
}

export async function openQuestion(
  rooms: Rooms,
  reader: Reader,
  roomNid: number,
): Promise<OpenQuestion> {
  const current = async (type: string, stateKey: string): Promise<StoredEvent | undefined> => {
    const typeNid = await rooms.names.eventTypes.find(type);
    const keyNid = await rooms.names.stateKeys.find(type, stateKey);
    if (typeNid === undefined || keyNid === undefined) return undefined;
    const eventNid = await readCurrentStateKey(reader, roomNid, typeNid, keyNid);
    const [event] =
      eventNid === undefined ? [] : await loadState(rooms, reader, roomNid, [eventNid]);
    return event;
  };
  const create = await current('m.room.create', '');
  const version = await rooms.versions.of(reader, roomNid);
  if (version === undefined) throw new Error(`room ${roomNid} has no version`);
  const levels = powerLevels(
    (await current('m.room.power_levels', ''))?.pdu.content,
    create?.pdu,
    version,
  );
  const { joined } = await readCounts(reader, roomNid);
  return {
    questionOf: ({ sender }) => ({
      memberCount: joined,
      senderPower: () => levels.userLevel(sender),
      notificationLevel: (key) => levels.notificationLevel(key),
    }),
    displayNameOf: async (userId) => {
      const displayName = (await current('m.room.member', userId))?.pdu.content['displayname'];
      return typeof displayName === 'string' ? displayName : undefined;
    },
  };
}
