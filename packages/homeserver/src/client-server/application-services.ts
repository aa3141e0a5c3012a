import { Type } from 'typebox';

import { pingService } from '../appservices/ping-service.ts';
import { publishInNetwork } from '../directory/publish-room.ts';
import { forbidden } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import type { Requester } from '../http/endpoint.ts';
import { clientEndpoint } from './services.ts';
import type { ClientServices } from './services.ts';

const networkPaths = clientPaths('/directory/list/appservice/{networkId}/{roomId}', {
  apiV1: true,
});

const ping = clientEndpoint({
  operationId: 'pingAppservice',
  summary: 'Ask whether the server reaches the application service',
  spec: 'Application services',
  method: 'POST',
  paths: [
    '/_matrix/client/v1/appservice/{appserviceId}/ping',
    '/_matrix/client/unstable/fi.mau.msc2659/appservice/{appserviceId}/ping',
  ],
  authentication: 'required',
  body: Type.Object({ transaction_id: Type.Optional(Type.String()) }),
  bodyOptional: true,
  responses: { 200: Type.Object({ duration_ms: Type.Integer() }) },
  errcodes: ['M_URL_NOT_SET', 'M_BAD_STATUS', 'M_CONNECTION_FAILED', 'M_CONNECTION_TIMEOUT'],
  handle: async ({ params, body, requester }, { bridges }) => {
    const { applicationService: service } = requester;
    if (service?.id !== params.appserviceId) {
      throw forbidden('The access token is not that of this application service');
    }
    const durationMs = await pingService(bridges.client, service, body.transaction_id);
    bridges.retryNow(service);
    return { duration_ms: durationMs };
  },
});

const listInNetwork = clientEndpoint({
  operationId: 'updateAppserviceRoomDirectoryVisibility',
  summary: 'Show a room in the published directory of a network, or no longer',
  spec: 'Application services',
  method: 'PUT',
  paths: networkPaths,
  authentication: 'required',
  body: Type.Object({ visibility: Type.Enum(['public', 'private']) }),
  responses: { 200: Type.Object({}) },
  errcodes: ['M_NOT_FOUND'],
  handle: ({ params, body, requester }, services) =>
    publish(services, requester, params, body.visibility === 'public'),
});

const removeFromNetwork = clientEndpoint({
  operationId: 'removeFromAppserviceRoomDirectory',
  summary: 'Show a room in the published directory of a network no longer',
  spec: 'Application services',
  method: 'DELETE',
  paths: networkPaths,
  authentication: 'required',
  responses: { 200: Type.Object({}) },
  errcodes: ['M_NOT_FOUND'],
  handle: ({ params, requester }, services) => publish(services, requester, params, false),
});

async function publish(
  { directory }: ClientServices,
  { applicationService: service }: Requester,
  { networkId, roomId }: { readonly networkId: string; readonly roomId: string },
  isPublic: boolean,
): Promise<object> {
  if (service === undefined) throw forbidden('Only application services have such directories');
  await publishInNetwork(directory, { serviceId: service.id, networkId }, roomId, isPublic);
  return {};
}

export const applicationServiceEndpoints = [ping, listInNetwork, removeFromNetwork];
