import { Type } from 'typebox';

import type { JsonObject as Json } from '@soma/protocol';

import { checkCanonicalAlias } from '../directory/check-canonical-alias.ts';
import { forbidden } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import type { Requester } from '../http/endpoint.ts';
import { JsonObject } from '../http/schemas.ts';
import { setGuestAccess } from '../membership/set-guest-access.ts';
import { setMembershipState } from '../membership/set-membership-state.ts';
import type { MembershipState } from '../membership/set-membership-state.ts';
import { redactsOf } from '../rooms/redacts-of.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { sendEvent } from '../rooms/send-event.ts';
import type { SendRequest, SendTransaction } from '../rooms/send-event.ts';
import { countRedaction } from './count-redaction.ts';
import { DelayQuery, sendLater, sendLaterOnce } from './delayed-events.ts';
import { checkMayInvite, countInvite, parseInvitee } from './invitations.ts';
import { countJoin, isNewMember } from './join-room.ts';
import { massagedTime } from './massaged-time.ts';
import { checkMaySend } from './may-send.ts';
import { clientEndpoint } from './services.ts';
import type { ClientServices } from './services.ts';
import { withShownProfile } from './shown-profile.ts';
import { transactionOwner } from './transaction-owner.ts';

const EventIdBody = Type.Object({ event_id: Type.String() });

function transactionOf(requester: Requester, transactionId: string): SendTransaction | undefined {
  const deviceNid = transactionOwner(requester);
  return deviceNid === undefined ? undefined : { deviceNid, transactionId };
}

/** What both ways to send a message do; they differ in the transaction alone. */
async function sendMessage(
  rooms: Rooms,
  requester: Requester,
  params: { readonly roomId: string; readonly eventType: string },
  content: Json,
  given: Pick<SendRequest, 'transaction' | 'originServerTs'>,
): Promise<{ event_id: string }> {
  const type = params.eventType;
  const redacts = redactsOf(type, content);
  await checkMaySend(rooms, requester, { type, content, redacts });
  const eventId = await sendEvent(rooms, {
    roomId: params.roomId,
    sender: requester.userId,
    type,
    content,
    redacts,
    ...given,
  });
  return { event_id: eventId };
}

const send = clientEndpoint({
  operationId: 'sendMessage',
  summary: 'Send a message event to the given room',
  spec: 'Room participation',
  method: 'PUT',
  paths: clientPaths('/rooms/{roomId}/send/{eventType}/{txnId}', { apiV1: true }),
  authentication: 'required',
  guests: true,
  rateLimit: 'rc_message',
  query: DelayQuery,
  body: JsonObject,
  responses: { 200: EventIdBody },
  errcodes: ['M_TOO_LARGE'],
  handle: async (request, services) => {
    const { params, path, query, body, requester } = request;
    const { roomId, eventType: type } = params;
    const delayMs = query['org.matrix.msc4140.delay'];
    if (delayMs !== undefined) {
      await checkMaySend(services.rooms, requester, { type, content: body });
      const later = { roomId, type, stateKey: undefined, content: body, delayMs };
      return sendLaterOnce(services, requester, path, later);
    }
    const transaction = transactionOf(requester, params.txnId);
    const originServerTs = massagedTime(request);
    return sendMessage(services.rooms, requester, params, body, { transaction, originServerTs });
  },
});

const sendWithoutTransaction = clientEndpoint({
  operationId: 'sendMessageWithoutTransaction',
  summary: 'Send a message event, with no protection against sending it twice',
  spec: 'Room participation',
  method: 'POST',
  paths: clientPaths('/rooms/{roomId}/send/{eventType}', { apiV1: true }),
  authentication: 'required',
  guests: true,
  rateLimit: 'rc_message',
  body: JsonObject,
  deprecated: true,
  responses: { 200: EventIdBody },
  errcodes: ['M_TOO_LARGE'],
  handle: ({ params, body, requester }, { rooms }) =>
    sendMessage(rooms, requester, params, body, {}),
});

const redactBody = Type.Object({ reason: Type.Optional(Type.String()) });

const redact = clientEndpoint({
  operationId: 'redactEvent',
  summary: 'Strip all non-integrity-critical information out of an event',
  spec: 'Room participation',
  method: 'PUT',
  paths: clientPaths('/rooms/{roomId}/redact/{eventId}/{txnId}', { apiV1: true }),
  authentication: 'required',
  body: redactBody,
  bodyOptional: true,
  responses: { 200: EventIdBody },
  errcodes: ['M_NOT_FOUND'],
  handle: ({ params, body, requester }, services) =>
    sendRedaction(services, requester, params, body, transactionOf(requester, params.txnId)),
});

const redactWithoutTransaction = clientEndpoint({
  operationId: 'redactEventWithoutTransaction',
  summary: 'Redact an event, with no protection against doing it twice',
  spec: 'Room participation',
  method: 'POST',
  paths: clientPaths('/rooms/{roomId}/redact/{eventId}', { apiV1: true }),
  authentication: 'required',
  rateLimit: 'rc_message',
  body: redactBody,
  bodyOptional: true,
  deprecated: true,
  responses: { 200: EventIdBody },
  errcodes: ['M_NOT_FOUND'],
  handle: ({ params, body, requester }, services) =>
    sendRedaction(services, requester, params, body, undefined),
});

async function sendRedaction(
  services: ClientServices,
  requester: Requester,
  { roomId, eventId: redacts }: { readonly roomId: string; readonly eventId: string },
  body: { readonly reason?: string },
  transaction: SendTransaction | undefined,
): Promise<{ event_id: string }> {
  const { userId: sender } = requester;
  const type = 'm.room.redaction';
  const content = { ...body };
  await checkMaySend(services.rooms, requester, { type, content, redacts });
  await countRedaction(services, requester, redacts);
  const eventId = await sendEvent(services.rooms, {
    roomId,
    sender,
    type,
    content,
    redacts,
    transaction,
  });
  return { event_id: eventId };
}

const setState = clientEndpoint({
  operationId: 'setRoomStateWithKey',
  summary: 'Send a state event to the given room',
  spec: 'Room participation',
  method: 'PUT',
  paths: [
    ...clientPaths('/rooms/{roomId}/state/{eventType}', { apiV1: true }),
    ...clientPaths('/rooms/{roomId}/state/{eventType}/', { apiV1: true }),
    ...clientPaths('/rooms/{roomId}/state/{eventType}/{stateKey}', { apiV1: true }),
  ],
  authentication: 'required',
  guests: true,
  rateLimit: 'rc_message',
  query: DelayQuery,
  body: JsonObject,
  responses: { 200: EventIdBody },
  errcodes: ['M_TOO_LARGE'],
  handle: async (request, services) => {
    const { params, query, body, requester } = request;
    const { roomId, eventType: type, stateKey = '' } = params;
    const delayMs = query['org.matrix.msc4140.delay'];
    const { userId: sender } = requester;
    if (type === 'm.room.create') throw forbidden('A room is created once');
    await checkMaySend(services.rooms, requester, { type, stateKey, content: body });
    if (delayMs !== undefined) {
      return sendLater(services, requester, { roomId, type, stateKey, content: body, delayMs });
    }
    const originServerTs = massagedTime(request);
    if (type === 'm.room.member') {
      const state = { roomId, target: stateKey, content: body, originServerTs };
      return sendMember(services, requester, state);
    }
    const state = { roomId, sender, type, stateKey, content: body, originServerTs };
    return { event_id: await sendStateEvent(services, state) };
  },
});

/** Some types of state have a meaning for the server that sends them. */
async function sendStateEvent(
  { rooms, directory }: ClientServices,
  request: SendRequest,
): Promise<string> {
  const { roomId, type, stateKey, content } = request;
  if (type === 'm.room.canonical_alias' && stateKey === '') {
    await checkCanonicalAlias(directory, roomId, content);
  }
  if (type === 'm.room.guest_access' && stateKey === '') return setGuestAccess(rooms, request);
  return sendEvent(rooms, request);
}

/** A member event in full is checked as the endpoint for its membership does it. */
async function sendMember(
  services: ClientServices,
  requester: Requester,
  state: Omit<MembershipState, 'sender' | 'isGuest'>,
): Promise<{ event_id: string }> {
  const { remoteRooms, config } = services;
  const { userId: sender, isGuest } = requester;
  const { roomId, target } = state;
  const content = await withShownProfile(services, sender, target, state.content);
  if (content['membership'] === 'invite') {
    checkMayInvite(config, requester);
    countInvite(services, requester, roomId, parseInvitee(target));
    await services.bringUser(target);
  }
  const isJoin = content['membership'] === 'join';
  if (isJoin && (await isNewMember(services, requester, roomId))) {
    await countJoin(services, requester, roomId);
  }
  const set = { ...state, content, sender, isGuest };
  return { event_id: await setMembershipState(remoteRooms, set) };
}

export const sendEndpoints = [
  send,
  sendWithoutTransaction,
  redact,
  redactWithoutTransaction,
  setState,
];
