import {
  DEFAULT_ROOM_VERSION,
  eventIdOf,
  isJsonObject,
  parsePduText,
  parseRoomId,
  roomVersion,
} from '@soma/protocol';
import type { JsonValue, RoomVersion } from '@soma/protocol';

import type { KeyRing } from '../../federation-client/keys/key-ring.ts';
import { receiveRemoval } from '../../membership/remote/receive-removal.ts';
import { isServerInRoom } from '../../rooms/graph-store.ts';
import { checkPdu } from '../../rooms/inbound/check-pdu.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import type { InboxEvent } from './inbox.ts';
import { joinWaitMsMax } from './limits.ts';

export interface PduAdmission {
  readonly rooms: Rooms;
  readonly keyRing: Pick<KeyRing, 'verify'>;
}

/** What the answer to a transaction says of one PDU. */
export interface AdmittedPdu {
  /** Undefined where the PDU is too malformed to have one. */
  readonly eventId: string | undefined;
  /** Set where it is to be taken in. */
  readonly event?: InboxEvent;
  readonly error?: string;
}

interface RoomOfTransaction {
  readonly roomNid: number | undefined;
  readonly version: RoomVersion | undefined;
  /** Whether this server is in the room, and the room lets the origin in. */
  readonly place: 'here' | 'denied' | 'elsewhere';
}

/** The rooms of one transaction: most often all of its events are of one, which is looked at once. */
export class RoomsOfTransaction {
  readonly #rooms: Rooms;
  readonly #origin: string;
  readonly #known = new Map<string | undefined, Promise<RoomOfTransaction>>();

  constructor(rooms: Rooms, origin: string) {
    this.#rooms = rooms;
    this.#origin = origin;
  }

  of(roomId: string | undefined): Promise<RoomOfTransaction> {
    const known = this.#known.get(roomId);
    if (known !== undefined) return known;
    const found = this.#find(roomId);
    this.#known.set(roomId, found);
    return found;
  }

  async #find(roomId: string | undefined): Promise<RoomOfTransaction> {
    const found = await this.#look(roomId);
    if (roomId === undefined || found.place !== 'elsewhere') return found;
    return (await this.#rooms.joins.ended(roomId, joinWaitMsMax)) ? this.#look(roomId) : found;
  }

  async #look(roomId: string | undefined): Promise<RoomOfTransaction> {
    const { database, names, versions, acls } = this.#rooms;
    const { reader } = database;
    const roomNid = roomId === undefined ? undefined : await names.rooms.find(roomId);
    const version = roomNid === undefined ? undefined : await versions.of(reader, roomNid);
    if (roomNid === undefined || !(await isServerInRoom(reader, roomNid))) {
      return { roomNid, version, place: 'elsewhere' };
    }
    const isAllowed = await acls.allows(reader, roomNid, this.#origin);
    return { roomNid, version, place: isAllowed ? 'here' : 'denied' };
  }
}

/** The checks that are made before a transaction is answered: format, signatures, hash, and the room's server ACL. */
export async function admitPdu(
  { rooms, keyRing }: PduAdmission,
  origin: string,
  text: string,
  among: RoomsOfTransaction,
): Promise<AdmittedPdu> {
  const value: JsonValue = JSON.parse(text);
  const roomId = isJsonObject(value) ? parseRoomId(value['room_id']) : undefined;
  const { roomNid, version, place } = await among.of(roomId);
  if (roomNid === undefined || version === undefined || place === 'elsewhere') {
    const removalId =
      roomNid === undefined ? undefined : await receiveRemoval({ rooms, keyRing }, roomNid, text);
    if (removalId !== undefined) return { eventId: removalId };
    return { eventId: likelyId(rooms, text, version), error: 'This server is not in the room' };
  }
  const checked = await checkPdu({ keyRing, sha256: rooms.signer.sha256 }, text, version);
  if (!checked.ok) return { eventId: checked.eventId, error: checked.reason };
  const { eventId } = checked;
  if (checked.roomId !== roomId) return { eventId, error: 'The event is of another room' };
  if (place === 'denied') {
    return { eventId, error: 'The server is denied by the ACL of the room' };
  }
  return { eventId, event: { roomNid, eventId, origin, checked } };
}

/** An event's ID depends on its room's version; of an unknown room that can only be guessed. */
function likelyId(
  { signer }: Rooms,
  text: string,
  known: RoomVersion | undefined,
): string | undefined {
  const version = known ?? roomVersion(DEFAULT_ROOM_VERSION);
  const parsed = version === undefined ? undefined : parsePduText(text, version);
  if (version === undefined || parsed?.ok !== true) return undefined;
  return parsed.pdu.event_id ?? eventIdOf(parsed.exact, version, signer);
}
