import { readMembershipsOfUser } from '../../membership/membership-store.ts';
import type { Reader } from '../../storage/sql.ts';
import { readUnreadCounts } from '../read-unread-counts.ts';

/**
 * The number on a user's app: unread rooms, or messages where they are not grouped by room, and invitations. `reader`
 * must read one committed state, at or above `position`.
 */
export async function readBadge(
  reader: Reader,
  userNid: number,
  position: number,
  groupsByRoom: boolean,
): Promise<number> {
  const memberships = await readMembershipsOfUser(reader, userNid);
  const joined = memberships.filter(({ membership }) => membership === 'join');
  const invited = memberships.filter(({ membership }) => membership === 'invite');
  const roomNids = joined.map(({ roomNid }) => roomNid);
  let badge = invited.length;
  for (const { total } of (await readUnreadCounts(reader, userNid, roomNids, position)).values()) {
    if (total.notify > 0) badge += groupsByRoom ? 1 : total.notify;
  }
  return badge;
}
