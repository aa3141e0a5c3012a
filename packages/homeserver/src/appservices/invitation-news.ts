import type { JsonObject } from '@soma/protocol';

import { clientEvent } from '../rooms/client-event.ts';
import type { InternedNames } from '../storage/names-store.ts';
import type { Reader } from '../storage/sql.ts';
import type { ApplicationService } from './application-service.ts';
import { readKeptMemberships } from './service-membership-store.ts';

/** A member event of a room that this server is not in. */
export interface ToldMembership {
  readonly position: number;
  readonly client: JsonObject;
}

/** What became of the service's users in rooms that this server is not in, which have no log: above all invitations. */
export async function readInvitationNews(
  reader: Reader,
  service: ApplicationService,
  { rooms }: Pick<InternedNames, 'rooms'>,
  stretch: { readonly above: number; readonly upTo: number },
): Promise<ToldMembership[]> {
  const told: ToldMembership[] = [];
  for (const kept of await readKeptMemberships(reader, service.id, stretch)) {
    const { position, roomNid, pdu, strippedState } = kept;
    const name = pdu.content['membership'] === 'knock' ? 'knock_room_state' : 'invite_room_state';
    const unsigned: JsonObject =
      strippedState === undefined ? {} : { [name]: JSON.parse(strippedState) };
    told.push({ position, client: clientEvent(kept, unsigned, await rooms.text(roomNid)) });
  }
  return told;
}
