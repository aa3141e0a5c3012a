import { isJsonObject } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { notFound } from '../../errors/matrix-error.ts';
import { buildMemberEvent } from './build-member-event.ts';
import { candidateServers } from './candidate-servers.ts';
import type { WantedMembership } from './member-template.ts';
import { keepOutOfBand } from './out-of-band.ts';
import { receivedStrippedState } from './received-stripped-state.ts';
import type { RemoteRooms } from './remote-rooms.ts';
import { sendKnock } from './send-member-event.ts';
import { throughServers } from './through-servers.ts';

/** Whose knock, at what room, through which servers. */
export interface RemoteKnock {
  readonly roomId: string;
  readonly userId: string;
  readonly via: readonly string[];
  /** Of the member event, beside its membership. */
  readonly content: JsonObject;
}

/** Knocks at a room that this server is not in (SS API, "Knocking upon a room"). Throws `MatrixError`. */
export async function knockRemotely(
  remote: RemoteRooms,
  { roomId, userId, via, content }: RemoteKnock,
): Promise<void> {
  const servers = candidateServers(remote, via, roomId);
  if (servers.length === 0) throw notFound('No server is known that is in this room');
  const wanted: WantedMembership = { roomId, userId, membership: 'knock' };
  await throughServers(remote, wanted, servers, async (server, template) => {
    const event = buildMemberEvent(remote.rooms, wanted, template, {
      ...content,
      membership: 'knock',
    });
    const answer = await sendKnock(remote, server, wanted, event);
    await keepOutOfBand(remote.rooms, {
      ...event,
      roomId,
      roomVersion: template.version.id,
      servers: [server, ...servers.filter((other) => other !== server)],
      strippedState: receivedStrippedState(
        isJsonObject(answer) ? answer['knock_room_state'] : undefined,
      ),
    });
  });
}
