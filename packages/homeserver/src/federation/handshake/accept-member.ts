import { canonicalJson, eventIdOf, parsePduText, parseUserId, serverNameOf } from '@soma/protocol';
import type { Pdu } from '@soma/protocol';

import { badJson, forbidden, invalidParam, notFound, tooLarge } from '../../errors/matrix-error.ts';
import type { MatrixError } from '../../errors/matrix-error.ts';
import { relayEventStatement } from '../../federation-sender/event-relay-store.ts';
import { admitRemoteJoin } from '../../membership/admit-join.ts';
import { withOwnSignature } from '../../membership/remote/member-signatures.ts';
import { readEvent } from '../../rooms/event-store.ts';
import type { NotReceived, PlacedEvent } from '../../rooms/inbound/room-intake.ts';
import { writeToRoom } from '../../rooms/room-write.ts';
import { findRoomToEnter } from '../serving/admit-server.ts';
import type { AskedRoom } from '../serving/admit-server.ts';
import type { Handshake } from './handshake.ts';
import { checkKnocking } from './make-template.ts';
import type { HandshakeMembership } from './make-template.ts';

/** A member event that another server has made from a template. */
export interface SentMember {
  readonly origin: string;
  readonly roomId: string;
  readonly eventId: string;
  /** Its JSON text, which keeps how numbers are written. */
  readonly pdu: string;
  readonly membership: HandshakeMembership;
}

/** It, as it stands in the room. */
export interface AcceptedMember {
  readonly room: AskedRoom;
  readonly userId: string;
  readonly event: PlacedEvent;
  /** Its canonical JSON; of a join with this server's signature. */
  readonly json: string;
}

/**
 * Gives a member event of another server's user its place in the room, and sees that the other servers get it (SS API,
 * `PUT /send_join`, `/send_knock`, `/send_leave`). Throws `MatrixError`.
 */
export async function acceptMember(
  handshake: Handshake,
  sent: SentMember,
): Promise<AcceptedMember> {
  const { serving, intake } = handshake;
  const { origin, roomId, membership } = sent;
  const room = await findRoomToEnter(serving, origin, roomId);
  if (membership === 'knock') checkKnocking(room.version);
  const parsed = parsePduText(sent.pdu, room.version);
  if (!parsed.ok) {
    const { errcode, reason } = parsed.problem;
    throw errcode === 'M_TOO_LARGE' ? tooLarge(reason) : badJson(reason);
  }
  const { pdu, exact } = parsed;
  checkSubject(pdu, sent);
  if (eventIdOf(exact, room.version, serving.rooms.signer) !== sent.eventId) {
    throw invalidParam('The event is not the one that the path names');
  }
  if (membership === 'join') await checkAuthoriser(handshake, room, pdu);
  const { signer } = serving.rooms;
  const json =
    membership === 'join'
      ? canonicalJson(withOwnSignature(exact, room.version, signer))
      : parsed.json;
  const received = await intake.receive({
    origin,
    roomId,
    pdu: json,
    refuse: true,
    beside: (eventNid) => [relayEventStatement(eventNid, origin)],
  });
  if (received.kind === 'refused') throw refusalOf(received);
  if (received.kind !== 'accepted') throw forbidden(received.reason);
  const { event } = received;
  // A policy server may have signed it too.
  const stored = await readEvent(serving.rooms.database.reader, event.eventNid);
  return { room, userId: pdu.sender, event, json: stored?.json ?? json };
}

/** SS API, `PUT /send_join`: "certain validation before accepting the event". */
function checkSubject(pdu: Pdu, { origin, roomId, membership }: SentMember): void {
  const sender = parseUserId(pdu.sender);
  if (pdu.room_id !== roomId) throw invalidParam('The event is of another room');
  if (pdu.type !== 'm.room.member') throw invalidParam('The event is no m.room.member');
  if (pdu.content['membership'] !== membership) {
    throw invalidParam(`The event's membership is not ${membership}`);
  }
  if (sender === undefined || serverNameOf(sender) !== origin) {
    throw invalidParam(`The sender is not a user of ${origin}`);
  }
  if (pdu.state_key !== sender) throw invalidParam('The event is about another than its sender');
}

/**
 * SS API, "Restricted rooms": who lets the user in must be of this server, which alone can sign for it, and the
 * conditions must still hold. The auth rules see to the authoriser's power.
 */
async function checkAuthoriser(
  { serving: { rooms } }: Handshake,
  { roomNid, version }: AskedRoom,
  { sender, content }: Pdu,
): Promise<void> {
  const authoriserId = content['join_authorised_via_users_server'];
  if (authoriserId === undefined || version.joinRulesForRestricted.length === 0) return;
  const authoriser = parseUserId(authoriserId);
  if (authoriser === undefined || serverNameOf(authoriser) !== rooms.serverName) {
    throw invalidParam('join_authorised_via_users_server names no user of this server');
  }
  await writeToRoom(rooms, roomNid, ({ head }) => admitRemoteJoin(rooms, head, sender));
}

function refusalOf({ cause, reason }: NotReceived): MatrixError {
  switch (cause) {
    case 'denied':
    case 'forbidden':
      return forbidden(reason);
    case 'unknown-room':
      return notFound(reason);
    default:
      return invalidParam(reason);
  }
}
