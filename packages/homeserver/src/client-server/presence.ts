import { Type } from 'typebox';

import { parseUserId } from '@soma/protocol';

import { statusMessageLengthMax } from '../ephemeral/limits.ts';
import type { Presence } from '../ephemeral/presence.ts';
import { forbidden, invalidParam, tooLarge } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import type { Requester } from '../http/endpoint.ts';
import { EmptyObject } from '../http/schemas.ts';
import { OptionalText } from './body-fields.ts';
import { clientEndpoint } from './services.ts';
import type { ClientServices } from './services.ts';

const PresenceState = Type.Enum(['online', 'unavailable', 'offline']);

const getPresence = clientEndpoint({
  operationId: 'getPresence',
  summary: "Get this user's presence state",
  spec: 'Presence',
  method: 'GET',
  paths: clientPaths('/presence/{userId}/status', { apiV1: true }),
  authentication: 'required',
  errcodes: [],
  handle: async ({ params, requester }, { rooms, sync: { sources } }) => {
    if (parseUserId(params.userId) === undefined) throw invalidParam('That is not a user ID');
    const userNid = await rooms.names.users.find(params.userId);
    const { reader } = rooms.database;
    const [shared] =
      userNid === undefined
        ? []
        : await sources.presence.sharing(reader, requester.userNid, [userNid]);
    // Whether there is such a user is nobody's business who shares no room.
    if (shared === undefined) throw forbidden('You may not see the presence of this user');
    return sources.presence.contentOf(shared) ?? { presence: 'offline' };
  },
});

const setPresence = clientEndpoint({
  operationId: 'setPresence',
  summary: "Update this user's presence state",
  spec: 'Presence',
  method: 'PUT',
  paths: clientPaths('/presence/{userId}/status', { apiV1: true }),
  authentication: 'required',
  rateLimit: 'rc_presence.per_user',
  body: Type.Object({ presence: PresenceState, status_msg: OptionalText }),
  responses: { 200: EmptyObject },
  errcodes: ['M_TOO_LARGE'],
  handle: ({ params, body, requester }, { presence }) => {
    if (params.userId !== requester.userId) throw forbidden('You cannot be there for others');
    const message = body.status_msg ?? undefined;
    if (message !== undefined && message.length > statusMessageLengthMax) {
      throw tooLarge(`status_msg has at most ${statusMessageLengthMax} characters`);
    }
    presence?.set(requester.userNid, deviceOf(requester), body.presence, message);
    return {};
  },
});

/** A token without a device is one more device. */
function deviceOf({ deviceNid }: Requester): number {
  return deviceNid ?? 0;
}

/** The user is there as long as `body` runs, unless the client says that it is not (`set_presence`). */
export async function whileFollowing<T>(
  { presence }: ClientServices,
  requester: Requester,
  state: 'online' | 'unavailable' | 'offline' = 'online',
  body: () => Promise<T>,
): Promise<T> {
  if (presence === undefined || state === 'offline') return body();
  const end = presence.follow(requester.userNid, deviceOf(requester), state);
  try {
    return await body();
  } finally {
    end();
  }
}

/** The user did something (CS API, "Last active ago"). */
export function noteActivity(presence: Presence | undefined, requester: Requester): void {
  presence?.active(requester.userNid, deviceOf(requester));
}

export const presenceEndpoints = [getPresence, setPresence];
