import { readMembership } from '../../membership/membership-store.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import type { Reader } from '../../storage/sql.ts';
import { describeRoom, nameOfMember } from './describe-room.ts';
import { isOver } from './http-notification.ts';
import { mailedTextLengthMax } from './limits.ts';
import type { MailedMessage, MailedRoom } from './notification-mail.ts';
import type { QueuedPush } from './push-queue-store.ts';
import { readPushedEvent } from './pushed-event.ts';
import type { PushedEvent } from './pushed-event.ts';
import type { Pusher } from './pusher-store.ts';

interface LivePush {
  readonly push: QueuedPush;
  readonly row: PushedEvent;
}

/** Of what was queued, that which still is to be told. */
export async function readLivePushes(
  reader: Reader,
  pusher: Pusher,
  pushes: readonly QueuedPush[],
): Promise<LivePush[]> {
  const live: LivePush[] = [];
  for (const push of pushes) {
    const row = await readPushedEvent(reader, push.eventNid);
    if (row !== undefined && !(await isOver(reader, pusher, push, row))) live.push({ push, row });
  }
  return live;
}

/** What a mail tells of these events, room by room. */
export async function readMailedRooms(
  rooms: Rooms,
  reader: Reader,
  { userNid }: Pusher,
  live: readonly LivePush[],
): Promise<MailedRoom[]> {
  const byRoom = Map.groupBy(live, ({ push }) => push.roomNid);
  const mailed: MailedRoom[] = [];
  for (const [roomNid, ofRoom] of byRoom) {
    const messages: MailedMessage[] = [];
    for (const { row } of ofRoom) messages.push(await messageOf(rooms, reader, roomNid, row));
    const { name, isOnePerson } = await describeRoom(rooms, reader, roomNid, userNid);
    const membership = await readMembership(reader, userNid, roomNid);
    mailed.push({
      roomId: await rooms.names.rooms.text(roomNid),
      name: isOnePerson ? undefined : name,
      isInvitation: membership?.membership === 'invite',
      messages,
    });
  }
  return mailed;
}

async function messageOf(
  rooms: Rooms,
  reader: Reader,
  roomNid: number,
  row: PushedEvent,
): Promise<MailedMessage> {
  const sender = await nameOfMember(rooms, reader, roomNid, row.sender_nid);
  return { eventId: row.event_id, sender, text: textOf(JSON.parse(row.json)) };
}

function textOf(event: {
  readonly type: string;
  readonly content: Readonly<Record<string, unknown>>;
}): string {
  const { body } = event.content;
  switch (event.type) {
    case 'm.room.message':
      return typeof body === 'string' ? body.slice(0, mailedTextLengthMax) : '(a message)';
    case 'm.room.encrypted':
      return '(an encrypted message)';
    case 'm.room.member':
      return '(an invitation)';
    default:
      return '(something new)';
  }
}
