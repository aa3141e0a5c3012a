import { Type } from 'typebox';

import { invalidParam } from '../errors/matrix-error.ts';
import type { Requester } from '../http/endpoint.ts';
import type { DelayRequest } from '../rooms/delayed/delayed-events.ts';
import { viewerOf } from './room-reading.ts';
import { clientEndpoint } from './services.ts';
import type { ClientServices } from './services.ts';

const base = '/_matrix/client/unstable/org.matrix.msc4140/delayed_events';

/** The query of the endpoints that send events. */
export const DelayQuery = Type.Object({
  'org.matrix.msc4140.delay': Type.Optional(Type.Integer({ minimum: 0 })),
});

/** Sends later what the request would send now. Throws `403 M_FORBIDDEN`, `429 M_LIMIT_EXCEEDED`. */
export async function sendLater(
  { delayedEvents }: ClientServices,
  requester: Requester,
  request: DelayRequest,
): Promise<{ delay_id: string }> {
  // A membership says more than its event, so that it has endpoints of its own.
  if (request.type === 'm.room.member') throw invalidParam('Memberships cannot be delayed');
  return { delay_id: await delayedEvents.add(viewerOf(requester), request) };
}

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
  listDelayed,
  updateDelayed,
  ...[cancelDelayed, restartDelayed, sendDelayed].flatMap((endpoint) => endpoint ?? []),
];
