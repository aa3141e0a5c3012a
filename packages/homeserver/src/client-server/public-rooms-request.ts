import { Type } from 'typebox';
import type { Static } from 'typebox';

import { parseNetworkInstanceId } from '../appservices/network-instance.ts';
import type { PublicRoomsRequest } from '../directory/list-public-rooms.ts';
import type { RemoteRoomsRequest } from '../directory/list-remote-rooms.ts';
import type { DirectoryScope } from '../directory/room-details-store.ts';
import { invalidParam } from '../errors/matrix-error.ts';
import { OptionalText, optional } from './body-fields.ts';

/** What clients, and other servers, ask of the published rooms. */
export const PublicRoomsBody = Type.Object({
  limit: optional(Type.Integer({ minimum: 0 })),
  since: OptionalText,
  filter: optional(
    Type.Object({
      generic_search_term: OptionalText,
      room_types: optional(Type.Array(Type.Union([Type.String(), Type.Null()]))),
    }),
  ),
  include_all_networks: optional(Type.Boolean()),
  third_party_instance_id: OptionalText,
});

type Body = Static<typeof PublicRoomsBody>;

/** Throws `400 M_INVALID_PARAM` for all networks and one of them. */
export function publicRoomsRequest(body: Body): PublicRoomsRequest {
  const { limit, since, filter, include_all_networks: isEverywhere } = body;
  return {
    scope: scopeOf(isEverywhere ?? false, body.third_party_instance_id ?? undefined),
    limit: limit ?? undefined,
    since: since ?? undefined,
    searchTerm: filter?.generic_search_term ?? undefined,
    roomTypes: filter?.room_types ?? undefined,
  };
}

/** Of which networks another server is to tell: only that server knows what its IDs mean. */
export function networksOf(body: Body): NonNullable<RemoteRoomsRequest['networks']> {
  const { include_all_networks: isEverywhere, third_party_instance_id: instanceId } = body;
  return {
    ...(isEverywhere === true ? { include_all_networks: true } : {}),
    ...(typeof instanceId === 'string' ? { third_party_instance_id: instanceId } : {}),
  };
}

function scopeOf(isEverywhere: boolean, instanceId: string | undefined): DirectoryScope {
  if (instanceId === undefined) return isEverywhere ? 'everywhere' : 'published';
  if (isEverywhere) {
    throw invalidParam('third_party_instance_id is for one network, include_all_networks for all');
  }
  return parseNetworkInstanceId(instanceId);
}
