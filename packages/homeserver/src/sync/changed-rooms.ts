import type { Viewer } from '../rooms/viewer.ts';
import { ChangeKind } from '../storage/change.ts';
import type { AccountDataChanges, SyncContext, SyncPass } from './sync-context.ts';

/** Rooms in which something may be new to the client; undefined when that would take longer than looking. */
export function changedRooms(
  pass: SyncPass,
  accountData: AccountDataChanges,
): Set<number> | undefined {
  if (pass.since < 0) return undefined;
  const rooms = new Set(accountData.rooms.keys());
  const complete = pass.context.recent.some(pass.since, (kind, subject) => {
    if (kind === ChangeKind.room || kind === ChangeKind.receipt) rooms.add(subject);
    return false;
  });
  if (complete === undefined) return undefined;
  for (const roomNid of pass.typingChanged) rooms.add(roomNid);
  return rooms;
}

/** The state that an answer was made of. */
export interface AnswerPlace {
  readonly position: number;
  readonly typing: number;
  readonly presence: number;
  /** The rooms that the answer is about. */
  readonly rooms: { has(roomNid: number): boolean };
}

/** Whether something came between reading and waiting. */
export function concernsUser(
  context: SyncContext,
  { userNid, deviceNid }: Viewer,
  place: AnswerPlace,
): boolean {
  const { typing, presence } = context.sources;
  if (typing.counter !== place.typing) {
    for (const roomNid of typing.roomsChangedSince(place.typing)) {
      if (place.rooms.has(roomNid)) return true;
    }
  }
  if (presence.toldCounter > place.presence) return true;
  const found = context.recent.some(place.position, (kind, subject) => {
    if (kind === ChangeKind.room || kind === ChangeKind.receipt) return place.rooms.has(subject);
    if (kind === ChangeKind.toDevice) return subject === deviceNid;
    // Whose it is may not be told by now to those who share a room with that user.
    if (kind === ChangeKind.deviceList) return true;
    return kind !== ChangeKind.token && subject === userNid;
  });
  return found !== false;
}
