import { Turns } from '../../streams/turns.ts';
import { checkPdu } from './check-pdu.ts';
import type { CheckedPdu } from './check-pdu.ts';
import type { InboundContext } from './inbound-context.ts';
import type { AddedOutlier, OutliersToAdd } from './room-intake.ts';
import { storeOutliers } from './store-outliers.ts';

/** Checks events and stores those that can be believed without a place in the room's history. */
export async function addOutliers(
  context: InboundContext,
  { roomId, version, pdus }: OutliersToAdd,
): Promise<AddedOutlier[]> {
  const { keyRing, rooms } = context;
  const turns = new Turns();
  const checked: CheckedPdu[] = [];
  for (const pdu of pdus) {
    const event = await checkPdu({ keyRing, sha256: rooms.signer.sha256 }, pdu, version);
    if (event.ok && event.roomId === roomId) checked.push(event);
    await turns.next();
  }
  const roomNid = await rooms.names.rooms.intern(roomId);
  const stored = await storeOutliers(context, roomNid, version, checked);
  return [...stored].map(([eventId, { eventNid, rejectedBy }]) => ({
    eventId,
    eventNid,
    rejectedBy,
  }));
}
