import type { JsonObject } from '@soma/protocol';

import { readMembershipsChanged, readStrippedState } from '../membership/membership-store.ts';
import { readOutOfBandEvent } from '../membership/remote/out-of-band-store.ts';
import { clientEvent } from '../rooms/client-event.ts';
import type { InternedNames } from '../storage/names-store.ts';
import type { Reader } from '../storage/sql.ts';
import type { ApplicationService } from './application-service.ts';

/** A member event of a room that this server is not in. */
export interface ToldMembership {
  readonly position: number;
  readonly client: JsonObject;
}

const STATE_KEYS: Readonly<Record<string, string>> = {
  invite: 'invite_room_state',
  knock: 'knock_room_state',
};

/** What became of the service's users in rooms that this server is not in, which have no log: above all invitations. */
export async function readInvitationNews(
  reader: Reader,
  service: ApplicationService,
  { users, rooms }: Pick<InternedNames, 'users' | 'rooms'>,
  userNids: Iterable<number>,
  { above, upTo }: { readonly above: number; readonly upTo: number },
): Promise<ToldMembership[]> {
  const own: number[] = [];
  for (const userNid of userNids) {
    if (service.hasUser(await users.text(userNid))) own.push(userNid);
  }
  const told: ToldMembership[] = [];
  for (const changed of await readMembershipsChanged(reader, own, above)) {
    const { roomNid, userNid, eventNid, membership, position } = changed;
    const event = position > upTo ? undefined : await readOutOfBandEvent(reader, eventNid);
    if (event === undefined) continue;
    const name = STATE_KEYS[membership];
    const stripped = await readStrippedState(reader, userNid, roomNid);
    const unsigned: JsonObject =
      name === undefined || stripped === undefined ? {} : { [name]: JSON.parse(stripped) };
    const client = clientEvent(event, unsigned, await rooms.text(roomNid));
    told.push({ position, client });
  }
  return told;
}
