import { isJsonObject, roomVersion } from '@soma/protocol';
import type { JsonValue } from '@soma/protocol';

import type { KeyRing } from '../../federation-client/keys/key-ring.ts';
import { checkPdu } from '../../rooms/inbound/check-pdu.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import { readMembership } from '../membership-store.ts';
import { serverOfUser } from './candidate-servers.ts';
import { readOutOfBandEvent } from './out-of-band-store.ts';
import { keepOutOfBand } from './out-of-band.ts';

/**
 * Takes the end that others make of an invitation or a knock whose room this server is not in. It is believed of the
 * servers through which that came. Resolves to the event's ID; undefined for anything else.
 *
 * @param text the event as it was sent
 */
export async function receiveRemoval(
  { rooms, keyRing }: { readonly rooms: Rooms; readonly keyRing: Pick<KeyRing, 'verify'> },
  roomNid: number,
  text: string,
): Promise<string | undefined> {
  const { reader } = rooms.database;
  const userId = removedUser(JSON.parse(text));
  const userNid = userId === undefined ? undefined : await rooms.names.users.find(userId);
  const record = userNid === undefined ? undefined : await readMembership(reader, userNid, roomNid);
  if (record?.membership !== 'invite' && record?.membership !== 'knock') return undefined;
  const before = await readOutOfBandEvent(reader, record.eventNid);
  const version = before === undefined ? undefined : roomVersion(before.roomVersion);
  if (before === undefined || version === undefined) return undefined;
  const checked = await checkPdu({ keyRing, sha256: rooms.signer.sha256 }, text, version);
  if (!checked.ok || removedUser(checked.pdu) !== userId) return undefined;
  const roomId = await rooms.names.rooms.text(roomNid);
  const server = serverOfUser(checked.pdu.sender);
  if (checked.roomId !== roomId || server === undefined) return undefined;
  if (!before.servers.includes(server)) return undefined;
  const { roomVersion: versionId, servers } = before;
  await keepOutOfBand(rooms, {
    ...checked,
    roomId,
    roomVersion: versionId,
    servers,
    strippedState: [],
  });
  return checked.eventId;
}

/** Whom a member event takes out of the room. */
function removedUser(event: JsonValue): string | undefined {
  if (!isJsonObject(event) || event['type'] !== 'm.room.member') return undefined;
  const { content, state_key: userId } = event;
  const membership = isJsonObject(content) ? content['membership'] : undefined;
  const isOut = membership === 'leave' || membership === 'ban';
  return isOut && typeof userId === 'string' ? userId : undefined;
}
