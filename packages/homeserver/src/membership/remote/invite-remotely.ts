import { canonicalJson, eventIdOf, isJsonObject, parsePdu } from '@soma/protocol';
import type { JsonObject, JsonValue, Pdu } from '@soma/protocol';

import type { StateEntry } from '../../config/config.ts';
import { MatrixError, forbidden } from '../../errors/matrix-error.ts';
import { FederationError } from '../../federation-client/federation-error.ts';
import { buildEvent } from '../../rooms/build-event.ts';
import { readEvents } from '../../rooms/event-store.ts';
import { loadPrejoinState } from '../../rooms/prejoin-state.ts';
import type { PreparedEvent } from '../../rooms/prepared-event.ts';
import type { RoomHead } from '../../rooms/room-head.ts';
import { writeToRoom } from '../../rooms/room-write.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import { draftMembership, notInRoom } from '../change-membership.ts';
import type { MembershipRequest } from '../change-membership.ts';
import { serverOfUser } from './candidate-servers.ts';
import { isSignedByAll } from './member-signatures.ts';
import { passedOn } from './remote-refusal.ts';
import type { RemoteRooms } from './remote-rooms.ts';
import { sendInvite } from './send-member-event.ts';

/** An invitation that stands on the room's head as it was when it was built. */
interface Invitation {
  readonly event: PreparedEvent;
  readonly pdu: Pdu;
  readonly head: Pick<RoomHead, 'version' | 'roomId'>;
  /** The events that show the invited user what the room is. */
  readonly stateNids: readonly number[];
}

/**
 * Invites a user of another server: that server signs the invitation before the room gets it (SS API, "Inviting to a
 * room"). Nobody waits for it but the inviter: the room goes on meanwhile. Resolves to the event's ID; throws
 * `MatrixError`.
 */
export async function inviteRemotely(
  remote: RemoteRooms,
  request: MembershipRequest,
): Promise<string> {
  const { rooms } = remote;
  const built = await writeToRoom(
    rooms,
    request.roomNid,
    async (write): Promise<Invitation | string> => {
      const { head } = write;
      const draft = await draftMembership(rooms, head, request);
      if (typeof draft === 'string') return draft;
      const unpoliced = await buildEvent(rooms, head, draft);
      write.authorise(unpoliced);
      const event = await write.recommended(unpoliced);
      return {
        event,
        pdu: pduOf(event),
        head,
        stateNids: await stateNidsOf(rooms, head, request.sender),
      };
    },
    notInRoom,
  );
  const invitation = built.value;
  if (typeof invitation === 'string') return invitation;
  const pdu = await askForSignature(remote, request.target, invitation);
  await append(remote, request.roomNid, invitation, canonicalJson(pdu));
  return invitation.event.built.eventId;
}

function pduOf({ json }: PreparedEvent): Pdu {
  return JSON.parse(typeof json === 'string' ? json : json.text);
}

async function stateNidsOf(
  { prejoinState }: Rooms,
  head: RoomHead,
  senderId: string,
): Promise<number[]> {
  const shown = await loadPrejoinState(head, prejoinState, [senderId]);
  const member: StateEntry = ['m.room.member', senderId];
  return [...shown, member].flatMap(([type, stateKey]) => head.get(type, stateKey)?.eventNid ?? []);
}

/** Resolves to the event with the signature of the invited user's server, and nothing else of what it answers. */
async function askForSignature(
  remote: RemoteRooms,
  inviteeId: string,
  { event, pdu, head, stateNids }: Invitation,
): Promise<Pdu> {
  const server = serverOfUser(inviteeId);
  if (server === undefined || !remote.client.allows(server)) {
    throw forbidden(`This server does not federate with that of ${inviteeId}`);
  }
  const { rooms } = remote;
  const { version, roomId } = head;
  const rows = await readEvents(rooms.database.reader, stateNids);
  const state: JsonObject[] = rows.map((row) => JSON.parse(row.json));
  const { eventId } = event.built;
  try {
    const answer = await sendInvite(remote, server, { roomId, eventId, version, pdu, state });
    const parsed = parsePdu(eventIn(answer), version);
    const isSame = parsed.ok && eventIdOf(parsed.pdu, version, rooms.signer) === eventId;
    const signature = isSame ? parsed.pdu.signatures[server] : undefined;
    if (signature !== undefined) {
      const ofServer = { ...pdu.signatures[server], ...signature };
      const signed = { ...pdu, signatures: { ...pdu.signatures, [server]: ofServer } };
      if (await isSignedByAll(remote, signed, version, [server])) return signed;
    }
    throw new FederationError('bad-answer', server, 'it has not signed the invitation');
  } catch (error) {
    throw error instanceof FederationError ? refusalOf(error, inviteeId) : error;
  }
}

function eventIn(answer: JsonValue): JsonValue | undefined {
  // The answer of v1 is a list of the status and the object.
  const body = Array.isArray(answer) ? answer[1] : answer;
  return isJsonObject(body) ? body['event'] : undefined;
}

function refusalOf(error: FederationError, inviteeId: string): MatrixError {
  if (error.errcode === 'M_INCOMPATIBLE_ROOM_VERSION') {
    const text = `The server of ${inviteeId} does not know this room's version`;
    return new MatrixError(400, 'M_UNSUPPORTED_ROOM_VERSION', text);
  }
  const text = `The server of ${inviteeId} did not take the invitation: ${error.message}`;
  return passedOn(error) ?? new MatrixError(502, 'M_UNKNOWN', text);
}

/** Where others have written to the room meanwhile, the invitation stands beside what they wrote. */
async function append(
  remote: RemoteRooms,
  roomNid: number,
  { event, head: { roomId } }: Invitation,
  json: string,
): Promise<void> {
  const { rooms, intake } = remote;
  const { value: isAppended } = await writeToRoom(rooms, roomNid, async (write) => {
    const ends = new Set(write.head.extremities.map((extremity) => extremity.eventNid));
    const isOnHead =
      ends.size === event.prevEventNids.length && event.prevEventNids.every((nid) => ends.has(nid));
    if (isOnHead) await write.appendBuilt({ ...event, json });
    return isOnHead;
  });
  if (isAppended) return;
  const received = await intake.receive({
    origin: rooms.serverName,
    roomId,
    pdu: json,
    refuse: true,
  });
  if (received.kind === 'accepted') return;
  if (received.kind === 'refused' && received.cause !== 'forbidden') {
    throw new Error(`an invitation of this server was not taken: ${received.reason}`);
  }
  throw forbidden(received.reason);
}
