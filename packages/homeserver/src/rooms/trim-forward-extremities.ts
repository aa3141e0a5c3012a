import { notFound } from '../errors/matrix-error.ts';
import { moveExtremities } from './event-store.ts';
import { readForwardExtremities } from './forward-extremity-store.ts';
import { writeToRoom } from './room-write.ts';
import type { Rooms } from './rooms.ts';

/**
 * Forgets ends of a room but the newest, so that the next event refers to fewer. An end stays where the state after it is
 * one that no newer end has: the current state is resolved from all of these, and what comes next is built on it. Resolves
 * to how many were forgotten; throws `404 M_NOT_FOUND`.
 */
export async function trimForwardExtremities(rooms: Rooms, roomNid: number): Promise<number> {
  const { value: count } = await writeToRoom(
    rooms,
    roomNid,
    async (write) => {
      const { head } = write;
      // The order in which they came is known of what is committed.
      await head.lastChange?.done;
      const states = new Set<number>();
      const extra = new Set<number>();
      for (const end of await readForwardExtremities(rooms.database.reader, roomNid)) {
        if (states.has(end.stateAfter)) extra.add(end.eventNid);
        else states.add(end.stateAfter);
      }
      if (extra.size === 0) return 0;
      write.add(...moveExtremities(roomNid, undefined, [...extra]));
      head.extremities = head.extremities.filter(({ eventNid }) => !extra.has(eventNid));
      return extra.size;
    },
    () => notFound('This server has no such room'),
  );
  return count;
}
