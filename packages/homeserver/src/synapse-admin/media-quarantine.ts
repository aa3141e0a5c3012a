import { Type } from 'typebox';

import { invalidParam } from '../errors/matrix-error.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { readQuarantineChanges } from '../media/quarantine-store.ts';
import {
  protectMedia,
  quarantineMedia,
  quarantineMediaOfUser,
  unquarantineMedia,
} from '../media/quarantine.ts';
import { mediaInRoom } from '../rooms/media-in-room.ts';
import { checkUserId } from './local-user.ts';
import { adminEndpoint } from './services.ts';
import type { AdminServices } from './services.ts';

const base = '/_synapse/admin/v1';
const CHANGES_SHOWN = 100;
// Clients send an empty object; like Synapse, nothing reads it.
const common = {
  spec: 'Synapse admin API: media',
  method: 'POST',
  authentication: 'admin',
  errcodes: [],
} as const;

const quarantineMediaById = adminEndpoint({
  ...common,
  operationId: 'quarantineMediaById',
  summary: 'Quarantine media, and all that has the same bytes',
  paths: [`${base}/media/quarantine/{server_name}/{media_id}`],
  async handle({ params, requester }, { media }) {
    const name = { serverName: params.server_name, mediaId: params.media_id };
    await quarantineMedia(media, [name], requester.userId);
    return {};
  },
});

const unquarantineMediaById = adminEndpoint({
  ...common,
  operationId: 'unquarantineMediaById',
  summary: 'End the quarantine of media',
  paths: [`${base}/media/unquarantine/{server_name}/{media_id}`],
  async handle({ params }, { media }) {
    const name = { serverName: params.server_name, mediaId: params.media_id };
    await unquarantineMedia(media, name);
    return {};
  },
});

const quarantineRoomMedia = adminEndpoint({
  ...common,
  operationId: 'quarantineRoomMedia',
  summary: 'Quarantine the media that a room’s unencrypted events name',
  paths: [`${base}/room/{room_id}/media/quarantine`, `${base}/quarantine_media/{room_id}`],
  async handle({ params, requester }, { media, rooms }) {
    const names = await mediaInRoom(rooms, params.room_id);
    return { num_quarantined: await quarantineMedia(media, names, requester.userId) };
  },
});

const quarantineUserMedia = adminEndpoint({
  ...common,
  operationId: 'quarantineUserMedia',
  summary: 'Quarantine all that a user has uploaded',
  paths: [`${base}/user/{user_id}/media/quarantine`],
  errcodes: ['M_INVALID_PARAM'],
  async handle({ params, requester }, { media }) {
    checkUserId(params.user_id);
    const userNid = await media.names.users.find(params.user_id);
    if (userNid === undefined) return { num_quarantined: 0 };
    return { num_quarantined: await quarantineMediaOfUser(media, userNid, requester.userId) };
  },
});

const protectMediaById = adminEndpoint({
  ...common,
  operationId: 'protectMediaById',
  summary: 'Protect media from being quarantined',
  paths: [`${base}/media/protect/{media_id}`],
  async handle({ params }, { media }) {
    await protectMedia(media, params.media_id, true);
    return {};
  },
});

const unprotectMediaById = adminEndpoint({
  ...common,
  operationId: 'unprotectMediaById',
  summary: 'No longer protect media from being quarantined',
  paths: [`${base}/media/unprotect/{media_id}`],
  async handle({ params }, { media }) {
    await protectMedia(media, params.media_id, false);
    return {};
  },
});

const listQuarantineChanges = adminEndpoint({
  ...common,
  operationId: 'listQuarantineChanges',
  summary: 'List what went into quarantine and came out of it',
  method: 'GET',
  paths: [`${base}/media/quarantine_changes`],
  query: Type.Object({ from: Type.Integer({ minimum: 0, default: 0 }) }),
  errcodes: ['M_INVALID_PARAM'],
  async handle({ query: { from } }, { media: { database, serverName } }) {
    if (from > database.position) throw invalidParam('from is beyond the last change');
    const found = await readQuarantineChanges(database.reader, from, CHANGES_SHOWN);
    return {
      next_batch: found.position,
      changes: found.changes.map(({ origin = serverName, mediaId, isQuarantined }) => ({
        origin,
        media_id: mediaId,
        quarantined: isQuarantined,
      })),
    };
  },
});

export const quarantineEndpoints: readonly Endpoint<AdminServices>[] = [
  quarantineMediaById,
  unquarantineMediaById,
  quarantineRoomMedia,
  quarantineUserMedia,
  protectMediaById,
  unprotectMediaById,
  listQuarantineChanges,
];
