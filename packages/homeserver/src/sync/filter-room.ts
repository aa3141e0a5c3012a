import { matchesRoom } from '@soma/protocol';
import type { RoomEventFilter } from '@soma/protocol';

import type { SyncPass } from './sync-context.ts';

/**
 * The pass for one room: a section whose filter leaves this room out lets nothing through (CS API,
 * `RoomEventFilter`: `rooms`, `not_rooms`).
 */
export function passFor(pass: SyncPass, roomId: string): SyncPass {
  const { room } = pass.filter;
  const sections = [room.timeline, room.state, room.ephemeral, room.accountData];
  if (sections.every((section) => matchesRoom(section, roomId))) return pass;
  const only = (section: RoomEventFilter): RoomEventFilter =>
    matchesRoom(section, roomId) ? section : { ...section, types: [] };
  return {
    ...pass,
    filter: {
      ...pass.filter,
      room: {
        ...room,
        timeline: only(room.timeline),
        state: only(room.state),
        ephemeral: only(room.ephemeral),
        accountData: only(room.accountData),
      },
    },
  };
}
