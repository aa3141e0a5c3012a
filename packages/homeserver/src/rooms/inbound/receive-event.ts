import type { RoomVersion } from '@soma/protocol';

import { checkPdu } from './check-pdu.ts';
import type { CheckedPdu } from './check-pdu.ts';
import type { InboundContext } from './inbound-context.ts';
import { PulledEvents } from './pulled-events.ts';
import type { GivenPdu, NotReceived, Received, Reception } from './room-intake.ts';
import { takeInEvent } from './take-in-event.ts';

/** All checks on receipt, what is missing brought, and the event's place in the room. */
export async function receiveEvent(
  context: InboundContext,
  { origin, roomId, pdu, refuse = false, beside }: Reception,
): Promise<Received> {
  const { rooms } = context;
  const roomNid = await rooms.names.rooms.find(roomId);
  const version =
    roomNid === undefined ? undefined : await rooms.versions.of(rooms.database.reader, roomNid);
  if (roomNid === undefined || version === undefined) {
    return { kind: 'refused', cause: 'unknown-room', reason: 'This server is not in the room' };
  }
  const checked = await checkForRoom(context, roomId, version, pdu);
  if (checked.kind === 'refused') return checked;
  const event = checked.checked;
  const taken = await takeInEvent(context, { origin, roomNid, checked: event, refuse, beside });
  if (taken.kind !== 'missing') return taken;
  return new PulledEvents(context, { roomId, roomNid, version, origin }).receive(event, taken);
}

async function checkForRoom(
  { keyRing, rooms }: InboundContext,
  roomId: string,
  version: RoomVersion,
  pdu: GivenPdu,
): Promise<{ readonly kind: 'checked'; readonly checked: CheckedPdu } | NotReceived> {
  const checked = await checkPdu({ keyRing, sha256: rooms.signer.sha256 }, pdu, version);
  if (!checked.ok) return { kind: 'refused', cause: 'invalid', reason: checked.reason };
  if (checked.roomId === roomId) return { kind: 'checked', checked };
  return { kind: 'refused', cause: 'invalid', reason: 'the event is of another room' };
}
