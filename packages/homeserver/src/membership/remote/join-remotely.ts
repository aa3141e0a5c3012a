import { canonicalJson, eventIdOf, parsePdu } from '@soma/protocol';
import type { BuiltEvent, JsonObject, Pdu } from '@soma/protocol';

import { MatrixError, guestAccessForbidden, notFound } from '../../errors/matrix-error.ts';
import { FederationError } from '../../federation-client/federation-error.ts';
import type { PartialImport } from '../../rooms/inbound/room-intake.ts';
import { buildMemberEvent } from './build-member-event.ts';
import { candidateServers, serverOfUser } from './candidate-servers.ts';
import { smallRoomMs } from './limits.ts';
import type { MemberTemplate, WantedMembership } from './member-template.ts';
import type { RemoteRooms } from './remote-rooms.ts';
import { checkComplexity, complexityOf, tooComplex } from './room-complexity.ts';
import { sendJoin } from './send-join.ts';
import type { JoinAnswer } from './send-join.ts';
import { sendLeave } from './send-member-event.ts';
import { throughServers } from './through-servers.ts';

/** Whose join, to what room, through which servers. */
export interface RemoteJoin {
  readonly roomId: string;
  readonly userId: string;
  readonly isGuest: boolean;
  readonly isAdmin: boolean;
  readonly via: readonly string[];
  /** Of the member event, beside its membership. */
  readonly content: JsonObject;
}

/**
 * Joins a room that this server is not in (SS API, "Joining Rooms"): the room is this server's own afterwards, or
 * nothing of it is kept. Throws `MatrixError`.
 */
export async function joinRemotely(remote: RemoteRooms, join: RemoteJoin): Promise<void> {
  const { limitRemoteRooms } = remote;
  const servers = serversFor(remote, join);
  const isLimited = limitRemoteRooms.enabled && !(join.isAdmin && limitRemoteRooms.adminsMayJoin);
  await throughServers(remote, wantedBy(join), servers, async (server, template) => {
    if (isLimited) await checkComplexity(remote, server, join.roomId);
    const event = buildJoin(remote, join, template);
    // What a room without its members is made of says nothing about how complex it is.
    const wanted = isLimited ? 'whole' : 'partial';
    const answer = await sendJoin(remote, server, event, template.version, wanted);
    const refusal =
      isLimited && complexityOf(answer.state.length) > limitRemoteRooms.complexityMax
        ? tooComplex(remote)
        : refusalOfGuest(join, answer);
    if (refusal !== undefined) {
      await leaveAgain(remote, server, join);
      throw refusal;
    }
    await remote.keyRing.prepare(answer.keys.all());
    await remote.intake.importRoom({
      roomId: join.roomId,
      version: template.version,
      joinEvent: canonicalJson(cosigned(remote, server, template, event, answer)),
      state: answer.state,
      authChain: answer.authChain,
      resident: server,
      partial: partialOf(answer),
    });
  });
  // All of a small room is there in no time, and then a client finds it so with its first request.
  const { names, whole } = remote.rooms;
  const roomNid = await names.rooms.find(join.roomId);
  if (roomNid !== undefined) await whole.isWholeWithin(roomNid, smallRoomMs);
}

/**
 * Joins a room that this server is in, where it takes another server to let the user in (SS API, "Restricted rooms").
 * Throws `MatrixError`.
 */
export async function joinThroughOthers(remote: RemoteRooms, join: RemoteJoin): Promise<void> {
  const servers = serversFor(remote, join);
  await throughServers(remote, wantedBy(join), servers, async (server, template) => {
    const event = buildJoin(remote, join, template);
    const answer = await sendJoin(remote, server, event, template.version, 'none');
    const received = await remote.intake.receive({
      origin: server,
      roomId: join.roomId,
      pdu: canonicalJson(cosigned(remote, server, template, event, answer)),
    });
    if (received.kind === 'accepted') return;
    throw new FederationError(
      'bad-answer',
      server,
      `its join is ${received.kind}: ${received.reason}`,
    );
  });
}

function partialOf({ serversInRoom }: JoinAnswer): PartialImport | undefined {
  return serversInRoom === undefined ? undefined : { serversInRoom };
}

function serversFor(remote: RemoteRooms, { via, roomId }: RemoteJoin): string[] {
  const servers = candidateServers(remote, via, roomId);
  if (servers.length === 0) throw notFound('No server is known that is in this room');
  return servers;
}

function wantedBy({ roomId, userId }: RemoteJoin): WantedMembership {
  return { roomId, userId, membership: 'join' };
}

function buildJoin(remote: RemoteRooms, join: RemoteJoin, template: MemberTemplate): BuiltEvent {
  const { authorisedVia } = template;
  return buildMemberEvent(remote.rooms, wantedBy(join), template, {
    ...join.content,
    membership: 'join',
    ...(authorisedVia === undefined ? {} : { join_authorised_via_users_server: authorisedVia }),
  });
}

/** The join with the signature of the server that lets the user in, which must be the one that was asked. */
function cosigned(
  { rooms }: RemoteRooms,
  server: string,
  { version, authorisedVia }: MemberTemplate,
  event: BuiltEvent,
  answer: JoinAnswer,
): Pdu {
  if (authorisedVia === undefined) return event.pdu;
  if (serverOfUser(authorisedVia) !== server) {
    throw new FederationError('bad-answer', server, 'a user of another server is to let in');
  }
  const parsed = parsePdu(answer.event, version);
  const isSame = parsed.ok && eventIdOf(parsed.pdu, version, rooms.signer) === event.eventId;
  const signature = isSame ? parsed.pdu.signatures[server] : undefined;
  if (signature === undefined) {
    throw new FederationError('bad-answer', server, 'it has not signed the join that it lets in');
  }
  return { ...event.pdu, signatures: { ...event.pdu.signatures, [server]: signature } };
}

function refusalOfGuest({ isGuest }: RemoteJoin, answer: JoinAnswer): MatrixError | undefined {
  if (!isGuest || answer.guestAccess?.['guest_access'] === 'can_join') return undefined;
  return guestAccessForbidden('This room does not let guests in');
}

/** The other server has let the user in already. */
async function leaveAgain(remote: RemoteRooms, server: string, join: RemoteJoin): Promise<void> {
  const wanted: WantedMembership = { ...wantedBy(join), membership: 'leave' };
  try {
    await throughServers(remote, wanted, [server], async (_, template) => {
      const event = buildMemberEvent(remote.rooms, wanted, template, { membership: 'leave' });
      await sendLeave(remote, server, wanted, event);
    });
  } catch (error) {
    if (!(error instanceof MatrixError)) throw error;
    remote.logger.warn({ server, roomId: join.roomId, err: error }, 'refused join not taken back');
  }
}
