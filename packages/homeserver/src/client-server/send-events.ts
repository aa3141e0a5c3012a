import { Type } from 'typebox';

import type { JsonObject as Json } from '@soma/protocol';

import { badJson, forbidden } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import type { Requester } from '../http/endpoint.ts';
import { JsonObject } from '../http/schemas.ts';
import { setMembershipState } from '../membership/set-membership-state.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { sendEvent } from '../rooms/send-event.ts';
import type { SendTransaction } from '../rooms/send-event.ts';
import { clientEndpoint } from './services.ts';

const EventIdBody = Type.Object({ event_id: Type.String() });

/** A transaction belongs to a device; a token without one has no memory of its requests. */
function transactionOf(
  { deviceNid }: Requester,
  transactionId: string,
): SendTransaction | undefined {
  return deviceNid === undefined ? undefined : { deviceNid, transactionId };
}

/** What both ways to send a message do; they differ in the transaction alone. */
async function sendMessage(
  rooms: Rooms,
  requester: Requester,
  params: { readonly roomId: string; readonly eventType: string },
  content: Json,
  transaction: SendTransaction | undefined,
): Promise<{ event_id: string }> {
  const eventId = await sendEvent(rooms, {
    roomId: params.roomId,
    sender: requester.userId,
    type: params.eventType,
    content,
    redacts: redactsOf(params.eventType, content),
    transaction,
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
  body: JsonObject,
  responses: { 200: EventIdBody },
  errcodes: ['M_TOO_LARGE'],
  handle: ({ params, body, requester }, { rooms }) =>
    sendMessage(rooms, requester, params, body, transactionOf(requester, params.txnId)),
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
    sendMessage(rooms, requester, params, body, undefined),
});

/** Since v1.18 redactions may be sent like any event, with `redacts` in the content in every room version. */
function redactsOf(type: string, content: Json): string | undefined {
  if (type !== 'm.room.redaction') return undefined;
  const { redacts } = content;
  if (typeof redacts !== 'string') throw badJson('redacts must be the ID of an event');
  return redacts;
}

const redactBody = Type.Object({ reason: Type.Optional(Type.String()) });

const redact = clientEndpoint({
  operationId: 'redactEvent',
  summary: 'Strip all non-integrity-critical information out of an event',
  spec: 'Room participation',
  method: 'PUT',
  paths: clientPaths('/rooms/{roomId}/redact/{eventId}/{txnId}', { apiV1: true }),
  authentication: 'required',
  rateLimit: 'rc_message',
  body: redactBody,
  bodyOptional: true,
  responses: { 200: EventIdBody },
  errcodes: ['M_NOT_FOUND'],
  handle: ({ params, body, requester }, { rooms }) =>
    sendRedaction(rooms, requester, params, body, transactionOf(requester, params.txnId)),
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
  handle: ({ params, body, requester }, { rooms }) =>
    sendRedaction(rooms, requester, params, body, undefined),
});

async function sendRedaction(
  rooms: Rooms,
  requester: Requester,
  params: { readonly roomId: string; readonly eventId: string },
  body: { readonly reason?: string },
  transaction: SendTransaction | undefined,
): Promise<{ event_id: string }> {
  const eventId = await sendEvent(rooms, {
    roomId: params.roomId,
    sender: requester.userId,
    type: 'm.room.redaction',
    content: { ...body },
    redacts: params.eventId,
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
  body: JsonObject,
  responses: { 200: EventIdBody },
  errcodes: ['M_TOO_LARGE'],
  handle: async ({ params, body, requester }, { rooms }) => {
    const { roomId, eventType: type, stateKey = '' } = params;
    const { userId: sender } = requester;
    if (type === 'm.room.create') throw forbidden('A room is created once');
    const eventId =
      type === 'm.room.member'
        ? await setMembershipState(rooms, { roomId, sender, target: stateKey, content: body })
        : await sendEvent(rooms, { roomId, sender, type, stateKey, content: body });
    return { event_id: eventId };
  },
});

export const sendEndpoints = [
  send,
  sendWithoutTransaction,
  redact,
  redactWithoutTransaction,
  setState,
];
