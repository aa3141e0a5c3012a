import { parseRoomAlias, parseRoomId } from '@soma/protocol';

import { lookUpAlias } from '../directory/look-up-alias.ts';
import { badRequest } from '../errors/matrix-error.ts';
import { readForwardExtremities } from '../rooms/forward-extremity-store.ts';
import { trimForwardExtremities } from '../rooms/trim-forward-extremities.ts';
import { adminEndpoint } from './services.ts';
import type { AdminServices } from './services.ts';

const spec = 'Synapse admin API: rooms';
const paths = ['/_synapse/admin/v1/rooms/{room_id_or_alias}/forward_extremities'] as const;

const getForwardExtremities = adminEndpoint({
  operationId: 'adminGetForwardExtremities',
  summary: 'List the events at the end of a room, to which the next event refers',
  spec,
  method: 'GET',
  paths,
  authentication: 'admin',
  errcodes: ['M_NOT_FOUND', 'M_UNKNOWN'],
  async handle({ params }, services) {
    const roomNid = await findRoom(services, params.room_id_or_alias);
    const { reader } = services.rooms.database;
    const ends = roomNid === undefined ? [] : await readForwardExtremities(reader, roomNid);
    const results = ends.map(({ eventId, depth, stateAfter }) => ({
      event_id: eventId,
      depth,
      state_group: stateAfter,
      // When an event came is not kept.
      received_ts: null,
    }));
    return { count: results.length, results };
  },
});

const deleteForwardExtremities = adminEndpoint({
  operationId: 'adminDeleteForwardExtremities',
  summary: 'Forget events at the end of a room that newer ones there make needless',
  spec,
  method: 'DELETE',
  paths,
  authentication: 'admin',
  errcodes: ['M_NOT_FOUND', 'M_UNKNOWN'],
  async handle({ params }, services) {
    const roomNid = await findRoom(services, params.room_id_or_alias);
    const { rooms } = services;
    return { deleted: roomNid === undefined ? 0 : await trimForwardExtremities(rooms, roomNid) };
  },
});

export const forwardExtremityEndpoints = [getForwardExtremities, deleteForwardExtremities];

/** Undefined for a room that this server has never heard of. Throws `400 M_UNKNOWN`, `404 M_NOT_FOUND`. */
async function findRoom(
  { rooms, directory }: Pick<AdminServices, 'rooms' | 'directory'>,
  roomIdOrAlias: string,
): Promise<number | undefined> {
  if (parseRoomId(roomIdOrAlias) !== undefined) return rooms.names.rooms.find(roomIdOrAlias);
  if (parseRoomAlias(roomIdOrAlias) === undefined) {
    throw badRequest(`${roomIdOrAlias} is neither a room ID nor a room alias`);
  }
  const { roomId } = await lookUpAlias(directory, roomIdOrAlias);
  return rooms.names.rooms.find(roomId);
}
