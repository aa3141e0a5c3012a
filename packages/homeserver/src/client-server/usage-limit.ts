import type { Endpoint } from '../http/endpoint.ts';
import { aroundOperations } from './around-operations.ts';
import type { ClientServices } from './services.ts';

/** By these a user uses the server; who is refused still reads, and logs out. */
const OPERATIONS: ReadonlySet<string> = new Set([
  'createRoom',
  'getEvents',
  'initialSync',
  'joinRoom',
  'joinRoomById',
  'knockRoom',
  'redactEvent',
  'redactEventWithoutTransaction',
  'sendMessage',
  'sendMessageWithoutTransaction',
  'setRoomStateWithKey',
  'simplifiedSlidingSync',
  'sync',
]);

/** The endpoints, of which some are for as many users as the operator allows. */
export function withUsageLimit(
  endpoints: readonly Endpoint<ClientServices>[],
): Endpoint<ClientServices>[] {
  return aroundOperations(endpoints, OPERATIONS, (handle) => (request, services) => {
    const { requester } = request;
    const { usageLimit } = services.accounts;
    const isFree = requester?.applicationService !== undefined || !usageLimit.isSet;
    if (requester === undefined || isFree) return handle(request, services);
    return usageLimit
      .admit(requester.userNid, !requester.isGuest)
      .then(() => handle(request, services));
  });
}
