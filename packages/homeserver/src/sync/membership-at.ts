import type { Membership } from '../membership/membership-store.ts';
import { readEvent } from '../rooms/event-store.ts';
import { readKeyHistory } from '../rooms/state-store.ts';
import type { Reader } from '../storage/sql.ts';
import type { SyncPass } from './sync-context.ts';

/** A user's membership as the client knows it; undefined for none. */
export async function membershipAt(
  { context, reader, since }: Pick<SyncPass, 'context' | 'reader' | 'since'>,
  roomNid: number,
  userId: string,
): Promise<Membership | undefined> {
  const keyNid = await context.rooms.names.stateKeys.find('m.room.member', userId);
  if (keyNid === undefined) return undefined;
  const history = await readKeyHistory(reader, roomNid, keyNid);
  const last = history.findLast(({ position }) => position <= since);
  return last?.eventNid === undefined || last.eventNid === null
    ? undefined
    : readMembershipIn(reader, last.eventNid);
}

async function readMembershipIn(reader: Reader, eventNid: number): Promise<Membership | undefined> {
  const row = await readEvent(reader, eventNid);
  const pdu: { content: { membership?: Membership } } | undefined =
    row === undefined ? undefined : JSON.parse(row.json);
  return pdu?.content.membership;
}
