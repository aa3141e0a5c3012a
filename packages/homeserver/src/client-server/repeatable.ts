import type { Endpoint } from '../http/endpoint.ts';
import { boundedCache } from '../storage/bounded-cache.ts';
import type { ClientServices } from './services.ts';

/** Answers kept for clients that repeat a request; they mostly do at once. */
const ANSWERS_MAX = 10_000;

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
  const answers = boundedCache<string, Promise<object>>(ANSWERS_MAX);
  return endpoints
    .filter(({ operationId }) => OPERATIONS.has(operationId))
    .map((endpoint) => ({
      ...endpoint,
      operationId: `${endpoint.operationId}WithTransaction`,
      method: 'PUT',
      paths: endpoint.paths.map((path) => `${path}/{txnId}`),
      deprecated: true,
      handle: (request, services) => {
        const { requester, path } = request;
        // A token without a device has no memory of its requests.
        if (requester?.deviceNid === undefined) return endpoint.handle(request, services);
        // The release in the path does not matter, nor what the client is logged in with today.
        const key = `${requester.deviceNid} ${path.replace(/^\/_matrix\/client\/(api\/)?\w+\//, '')}`;
        const known = answers.get(key);
        if (known !== undefined) return known;
        const answer = Promise.resolve(endpoint.handle(request, services));
        answers.set(key, answer);
        answer.catch(() => answers.delete(key));
        return answer;
      },
    }));
}
