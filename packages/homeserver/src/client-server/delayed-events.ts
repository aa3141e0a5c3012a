import { Type } from 'typebox';

import { forbidden, invalidParam } from '../errors/matrix-error.ts';
import type { Requester } from '../http/endpoint.ts';
import { JsonObject } from '../http/schemas.ts';
import type { DelayRequest } from '../rooms/delayed/delayed-events.ts';
import { redactsOf } from '../rooms/redacts-of.ts';
import { checkMaySend } from './may-send.ts';
import { RepeatedRequests } from './repeated-requests.ts';
import { viewerOf } from './room-reading.ts';
import { clientEndpoint } from './services.ts';
import type { ClientServices } from './services.ts';

const unstable = '/_matrix/client/unstable/org.matrix.msc4140';
const base = `${unstable}/delayed_events` as const;
const repeated = new RepeatedRequests();

/** The query of the endpoints that send events. */
export const DelayQuery = Type.Object({
  'org.matrix.msc4140.delay': Type.Optional(Type.Integer({ minimum: 0 })),
});

/** Sends later what the request would send now. Throws `400 M_BAD_JSON`, `403 M_FORBIDDEN`, `429 M_LIMIT_EXCEEDED`. */
export async function sendLater(
  { delayedEvents }: ClientServices,
  requester: Requester,
  request: DelayRequest,
): Promise<{ delay_id: string }> {
  // A membership says more than its event, so that it has endpoints of its own.
  if (request.type === 'm.room.member') throw invalidParam('Memberships cannot be delayed');
  redactsOf(request.type, request.content);
  return { delay_id: await delayedEvents.add(viewerOf(requester), request) };
}

/** The same for a request with a transaction ID, once however often it is repeated. */
export function sendLaterOnce(
  services: ClientServices,
  requester: Requester,
  path: string,
  request: DelayRequest,
): object | Promise<object> {
  return repeated.answer(requester, path, () => sendLater(services, requester, request));
}

/** The newer form of a send with a delay, which repeats no event when the client repeats it. */
const delayEvent = clientEndpoint({
  operationId: 'delayEvent',
  summary: 'Send an event later',
  spec: 'MSC4140: delayed events',
  method: 'PUT',
  paths: [`${unstable}/rooms/{roomId}/delayed_event/{eventType}/{txnId}`],
  authentication: 'required',
  guests: true,
  rateLimit: 'rc_message',
  body: Type.Object({
    delay: Type.Integer({ minimum: 0 }),
    state_key: Type.Optional(Type.String()),
    content: JsonObject,
  }),
  errcodes: ['M_INVALID_PARAM'],
  handle: ({ params, path, body, requester }, services) => {
    const { roomId, eventType: type } = params;
    const { delay: delayMs, state_key: stateKey, content } = body;
    return repeated.answer(requester, path, async () => {
      if (type === 'm.room.create') throw forbidden('A room is created once');
      const keyed = stateKey === undefined ? {} : { stateKey };
      await checkMaySend(services.rooms, requester, { type, content, ...keyed });
      return sendLater(services, requester, { roomId, type, stateKey, content, delayMs });
    });
  },
});

const getDelayed = clientEndpoint({
  operationId: 'getDelayedEvent',
  summary: 'Show an event that is to be sent later',
  spec: 'MSC4140: delayed events',
  method: 'GET',
  paths: [`${base}/{delayId}`],
  authentication: 'required',
  errcodes: ['M_NOT_FOUND'],
  handle: ({ params, requester }, { delayedEvents }) =>
    delayedEvents.find(requester.userNid, params.delayId),
});

const listDelayed = clientEndpoint({
  operationId: 'listDelayedEvents',
  summary: 'List the events that are to be sent later',
  spec: 'MSC4140: delayed events',
  method: 'GET',
  paths: [base],
  authentication: 'required',
  errcodes: [],
  handle: async ({ requester }, { delayedEvents }) => ({
    delayed_events: await delayedEvents.list(requester.userNid),
  }),
});

/** Who knows the ID may put it off: the token may have been lost with the call. */
const managed = {
  spec: 'MSC4140: delayed events',
  method: 'POST',
  authentication: 'none',
  rateLimit: 'rc_delayed_event_mgmt',
  errcodes: ['M_NOT_FOUND'],
} as const;

const actions = ['cancel', 'restart', 'send'] as const;

const updateDelayed = clientEndpoint({
  ...managed,
  operationId: 'updateDelayedEvent',
  summary: 'Cancel, put off or send an event that is to be sent later',
  paths: [`${base}/{delayId}`],
  body: Type.Object({ action: Type.Enum([...actions]) }),
  handle: async ({ params, body }, { delayedEvents }) => {
    await delayedEvents[body.action](params.delayId);
    return {};
  },
});

const [cancelDelayed, restartDelayed, sendDelayed] = actions.map((action) =>
  clientEndpoint({
    ...managed,
    operationId: `${action}DelayedEvent`,
    summary: `Do this to an event that is to be sent later: ${action}`,
    paths: [`${base}/{delayId}/${action}`],
    handle: async ({ params }, { delayedEvents }) => {
      await delayedEvents[action](params['delayId']);
      return {};
    },
  }),
);

export const delayedEventEndpoints = [
  delayEvent,
  getDelayed,
  listDelayed,
  updateDelayed,
  ...[cancelDelayed, restartDelayed, sendDelayed].flatMap((endpoint) => endpoint ?? []),
];
