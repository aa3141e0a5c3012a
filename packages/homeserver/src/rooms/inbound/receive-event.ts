import type { RoomVersion } from '@soma/protocol';

import { checkPdu } from './check-pdu.ts';
import type { CheckedPdu } from './check-pdu.ts';
import type { InboundContext } from './inbound-context.ts';
import { PulledEvents } from './pulled-events.ts';
import type { NotReceived, Received, Reception } from './room-intake.ts';
import { UNASKED, takeInEvent } from './take-in-event.ts';

/** All checks on receipt, what is missing brought, and the event's place in the room. */
export async function receiveEvent(
  context: InboundContext,
  reception: Reception,
): Promise<Received> {
  const { origin, roomId, refuse = false, asksNobody = false, beside } = reception;
  const room = await findRoom(context, roomId);
  if (room === undefined) {
    return { kind: 'refused', cause: 'unknown-room', reason: 'This server is not in the room' };
  }
  const { roomNid, version } = room;
  const checked = await checkForRoom(context, version, reception);
  if (checked.kind === 'refused') return checked;
  const event = checked.checked;
  const takeIn = { origin, roomNid, checked: event, refuse, asksNobody, beside };
  const taken = await takeInEvent(context, takeIn);
  if (taken.kind !== 'missing') return taken;
  if (asksNobody) return UNASKED;
  return new PulledEvents(context, { roomId, roomNid, version, origin }).receive(event, taken);
}

interface FoundRoom {
  readonly roomNid: number;
  readonly version: RoomVersion;
}

/** A room that this server knows. */
export async function findRoom(
  { rooms }: InboundContext,
  roomId: string,
): Promise<FoundRoom | undefined> {
  const roomNid = await rooms.names.rooms.find(roomId);
  if (roomNid === undefined) return undefined;
  const version = await rooms.versions.of(rooms.database.reader, roomNid);
  return version === undefined ? undefined : { roomNid, version };
}

async function checkForRoom(
  { keyRing, rooms }: InboundContext,
  version: RoomVersion,
  { roomId, pdu, checked: before }: Reception,
): Promise<{ readonly kind: 'checked'; readonly checked: CheckedPdu } | NotReceived> {
  const checked =
    before ?? (await checkPdu({ keyRing, sha256: rooms.signer.sha256 }, pdu, version));
  if (!checked.ok) return { kind: 'refused', cause: 'invalid', reason: checked.reason };
  if (checked.roomId === roomId) return { kind: 'checked', checked };
  return { kind: 'refused', cause: 'invalid', reason: 'the event is of another room' };
}
