import type { Endpoint } from '../http/endpoint.ts';
import { RepeatedRequests } from './repeated-requests.ts';
import type { ClientServices } from './services.ts';

/** POST endpoints that clients of the old API may also PUT, with a transaction ID at the end of the path. */
const OPERATIONS: ReadonlySet<string> = new Set([
  'ban',
  'createRoom',
  'forgetRoom',
  'inviteUser',
  'joinRoom',
  'joinRoomById',
  'kick',
  'knockRoom',
  'leaveRoom',
  'unban',
]);

/** Those endpoints in their form with a transaction ID (CS API, "Transaction identifiers"). */
export function repeatableForms(
  endpoints: readonly Endpoint<ClientServices>[],
): Endpoint<ClientServices>[] {
  const repeated = new RepeatedRequests();
  return endpoints
    .filter(({ operationId }) => OPERATIONS.has(operationId))
    .map((endpoint) => ({
      ...endpoint,
      operationId: `${endpoint.operationId}WithTransaction`,
      method: 'PUT',
      paths: endpoint.paths.map((path) => `${path}/{txnId}`),
      deprecated: true,
      handle: (request, services) =>
        repeated.answer(request.requester, request.path, () => endpoint.handle(request, services)),
    }));
}
