import type { Pdu } from '@soma/protocol';

import type { Rooms } from '../../rooms/rooms.ts';
import { ChangeKind } from '../../storage/change.ts';
import { write } from '../../storage/database.ts';
import { POSITION } from '../../storage/sql.ts';
import { isResident } from '../is-resident.ts';
import { membershipCode, membershipName, putMembershipStatement } from '../membership-store.ts';
import type { StrippedEvent } from '../stripped-state.ts';
import { putOutOfBandStatement, readOutOfBand } from './out-of-band-store.ts';
import type { OutOfBandRoom } from './out-of-band-store.ts';

/** A member event of a user of this server, of a room that this server is not in. */
export interface OutOfBandMembership extends OutOfBandRoom {
  readonly roomId: string;
  readonly eventId: string;
  readonly pdu: Pick<Pdu, 'state_key' | 'sender' | 'content'>;
  /** The PDU's canonical JSON. */
  readonly json: string;
  /** What an invitation or knock shows of the room. */
  readonly strippedState: readonly StrippedEvent[];
}

/**
 * Keeps a membership whose room this server does not know (DATA-MODEL: "memberships out of band"). What the room's
 * own state says goes before: nothing is kept of a room that this server is in, nor of an event that was kept once.
 */
export async function keepOutOfBand(rooms: Rooms, kept: OutOfBandMembership): Promise<void> {
  const roomNid = await rooms.names.rooms.intern(kept.roomId);
  const userNid = await rooms.names.users.intern(kept.pdu.state_key ?? '');
  // In the room's queue: a join that is under way makes the room known.
  await rooms.heads.run(roomNid, async () => {
    const { reader } = rooms.database;
    if (await isResident(rooms, reader, roomNid)) return;
    const before = await readOutOfBand(reader, userNid, roomNid);
    if (before?.eventId === kept.eventId || before?.replacedEventId === kept.eventId) return;
    await writeMembership(rooms, roomNid, userNid, kept);
  });
}

async function writeMembership(
  rooms: Rooms,
  roomNid: number,
  userNid: number,
  kept: OutOfBandMembership,
): Promise<void> {
  const { sender, content } = kept.pdu;
  const code = membershipCode(content['membership']);
  if (code === undefined) throw new Error(`${kept.eventId} is no member event`);
  const membership = membershipName(code);
  const eventNid = await rooms.eventNids.next();
  const isWaiting = membership === 'invite' || membership === 'knock';
  const { displayname: displayName, avatar_url: avatarUrl } = content;
  const senderNid = await rooms.names.users.intern(sender);
  const strippedState = isWaiting ? JSON.stringify(kept.strippedState) : null;
  const { eventId, json } = kept;
  const userId = kept.pdu.state_key ?? '';
  await write(rooms.database, {
    statements: [
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
        strippedState,
      }),
      putOutOfBandStatement(userNid, roomNid, { ...kept, senderNid, eventNid }),
      ...rooms.besideOutOfBand({ userId, roomNid, eventId, json, strippedState }),
    ],
    positions: 1,
    touches: [{ kind: ChangeKind.membership, subject: userNid }],
  });
}
