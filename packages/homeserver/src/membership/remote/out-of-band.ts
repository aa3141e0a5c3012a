import type { Pdu } from '@soma/protocol';

import { readEventNid } from '../../rooms/event-store.ts';
import { insertLoneEventStatements } from '../../rooms/outlier-store.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import { ChangeKind } from '../../storage/change.ts';
import { write } from '../../storage/database.ts';
import { POSITION } from '../../storage/sql.ts';
import { isResident } from '../is-resident.ts';
import { membershipCode, membershipName, putMembershipStatement } from '../membership-store.ts';
import type { StrippedEvent } from '../stripped-state.ts';
import { putOutOfBandStatement } from './out-of-band-store.ts';
import type { OutOfBandRoom } from './out-of-band-store.ts';

/** A member event of a user of this server, of a room that this server is not in. */
export interface OutOfBandMembership extends OutOfBandRoom {
  readonly roomId: string;
  readonly eventId: string;
  readonly pdu: Pick<
    Pdu,
    'type' | 'state_key' | 'sender' | 'content' | 'depth' | 'origin_server_ts'
  >;
  readonly json: string;
  /** What an invitation or knock shows of the room. */
  readonly strippedState: readonly StrippedEvent[];
}

/**
 * Keeps a membership whose room this server does not know (DATA-MODEL: "memberships out of band"). What the room's
 * own state says goes before: nothing is kept of a room that this server is in, nor of an event that is known.
 * Resolves to whether it was kept.
 */
export async function keepOutOfBand(
  rooms: Rooms,
  membership: OutOfBandMembership,
): Promise<boolean> {
  const roomNid = await rooms.names.rooms.intern(membership.roomId);
  // In the room's queue: a join that is under way makes the room known.
  return rooms.heads.run(roomNid, async () => {
    const { reader } = rooms.database;
    if (await isResident(rooms, reader, roomNid)) return false;
    if ((await readEventNid(reader, membership.eventId)) !== undefined) return false;
    await writeMembership(rooms, roomNid, membership);
    return true;
  });
}

async function writeMembership(
  rooms: Rooms,
  roomNid: number,
  { pdu, eventId, json, strippedState, ...room }: OutOfBandMembership,
): Promise<void> {
  const { names } = rooms;
  const userId = pdu.state_key ?? '';
  const userNid = await names.users.intern(userId);
  const code = membershipCode(pdu.content['membership']);
  if (code === undefined) throw new Error(`${eventId} is no member event`);
  const membership = membershipName(code);
  const eventNid = await rooms.eventNids.next();
  const isWaiting = membership === 'invite' || membership === 'knock';
  const { displayname: displayName, avatar_url: avatarUrl } = pdu.content;
  await write(rooms.database, {
    statements: [
      ...insertLoneEventStatements({
        eventNid,
        eventId,
        roomNid,
        typeNid: await names.eventTypes.intern(pdu.type),
        stateKeyNid: await names.stateKeys.intern(pdu.type, userId),
        senderNid: await names.users.intern(pdu.sender),
        pdu,
        json,
      }),
      putMembershipStatement({
        roomNid,
        userNid,
        membership,
        eventNid,
        position: POSITION,
        isLocal: true,
        forgottenByLeaving: false,
        displayName: typeof displayName === 'string' ? displayName : null,
        avatarUrl: typeof avatarUrl === 'string' ? avatarUrl : null,
        strippedState: isWaiting ? JSON.stringify(strippedState) : null,
      }),
      putOutOfBandStatement(userNid, roomNid, room),
    ],
    positions: 1,
    touches: [{ kind: ChangeKind.membership, subject: userNid }],
  });
}
