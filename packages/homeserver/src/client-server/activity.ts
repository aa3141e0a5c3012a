import type { Endpoint } from '../http/endpoint.ts';
import { aroundOperations } from './around-operations.ts';
import { noteActivity } from './presence.ts';
import type { ClientServices } from './services.ts';

/** What counts as the user doing something (CS API, "Last active ago"). */
const OPERATIONS: ReadonlySet<string> = new Set([
  'createRoom',
  'inviteUser',
  'joinRoom',
  'joinRoomById',
  'leaveRoom',
  'postReceipt',
  'redactEvent',
  'redactEventWithoutTransaction',
  'sendMessage',
  'sendMessageWithoutTransaction',
  'setReadMarker',
  'setRoomStateWithKey',
  'setTyping',
]);

/** The endpoints, of which some note that the user is active. */
export function withActivity(
  endpoints: readonly Endpoint<ClientServices>[],
): Endpoint<ClientServices>[] {
  return aroundOperations(endpoints, OPERATIONS, (handle) => (request, services) => {
    if (request.requester !== undefined) noteActivity(services.presence, request.requester);
    return handle(request, services);
  });
}
