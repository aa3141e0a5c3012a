import { Type } from 'typebox';
import type { Static } from 'typebox';

import { notFound } from '../errors/matrix-error.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { deleteMedia } from '../media/delete-media.ts';
import { mxcOf } from '../media/media-id.ts';
import { mediaOrders, readMediaOfUser } from '../media/media-listing-store.ts';
import type { MediaPage } from '../media/media-listing-store.ts';
import { OWN, readMedia } from '../media/media-store.ts';
import type { Media } from '../media/media-store.ts';
import { originOf } from '../media/quarantine.ts';
import { mediaInRoom } from '../rooms/media-in-room.ts';
import { localAccount } from './local-user.ts';
import { Direction, nextToken, oneOfTexts, pageParameters } from './page-query.ts';
import { adminEndpoint } from './services.ts';
import type { AdminServices } from './services.ts';

const base = '/_synapse/admin/v1';
const spec = 'Synapse admin API: media';
const UserMediaQuery = Type.Object({
  ...pageParameters,
  order_by: Type.Optional(oneOfTexts(mediaOrders)),
  dir: Type.Optional(Direction),
});

const listRoomMedia = adminEndpoint({
  operationId: 'listRoomMedia',
  summary: 'List the media that a room’s unencrypted events name',
  spec,
  method: 'GET',
  paths: [`${base}/room/{room_id}/media`],
  authentication: 'admin',
  errcodes: [],
  async handle({ params }, { media, rooms }) {
    const found = await mediaInRoom(rooms, params.room_id);
    const isOwn = ({ serverName }: { serverName: string }) => serverName === media.serverName;
    return {
      local: found.filter(isOwn).map(mxcOf),
      remote: found.filter((name) => !isOwn(name)).map(mxcOf),
    };
  },
});

const showMedia = adminEndpoint({
  operationId: 'showMedia',
  summary: 'Show what is known of media',
  spec,
  method: 'GET',
  paths: [`${base}/media/{server_name}/{media_id}`],
  authentication: 'admin',
  errcodes: ['M_NOT_FOUND'],
  async handle({ params: { server_name: serverName, media_id: mediaId } }, { media }) {
    const origin = originOf(media, { serverName, mediaId });
    const found = await readMedia(media.database.reader, origin ?? OWN, mediaId);
    if (found === undefined) throw notFound('Unknown media');
    const userId = found.userNid === undefined ? null : await media.names.users.text(found.userNid);
    const mediaInfo = {
      media_origin: origin ?? null,
      ...describe(found, userId),
      filesystem_id: origin === undefined ? null : (found.content?.sha256 ?? null),
    };
    return { media_info: mediaInfo };
  },
});

const listUserMedia = adminEndpoint({
  operationId: 'listUserMedia',
  summary: 'List what a user has uploaded',
  spec: 'Synapse admin API: users',
  method: 'GET',
  paths: [`${base}/users/{user_id}/media`],
  authentication: 'admin',
  query: UserMediaQuery,
  errcodes: ['M_NOT_FOUND', 'M_INVALID_PARAM', 'M_UNKNOWN'],
  async handle({ params, query }, { accounts, media }) {
    const { userNid } = await localAccount(accounts, params.user_id);
    const page = await readMediaOfUser(media.database.reader, userNid, pageOf(query));
    return {
      media: page.media.map((each) => describe(each, params.user_id)),
      total: page.total,
      ...nextToken(query, page.media.length, page.total),
    };
  },
});

const deleteUserMedia = adminEndpoint({
  operationId: 'deleteUserMedia',
  summary: 'Delete a page of what a user has uploaded',
  spec: 'Synapse admin API: users',
  method: 'DELETE',
  paths: [`${base}/users/{user_id}/media`],
  authentication: 'admin',
  query: UserMediaQuery,
  errcodes: ['M_NOT_FOUND', 'M_INVALID_PARAM', 'M_UNKNOWN'],
  async handle({ params, query }, { accounts, media }) {
    const { userNid } = await localAccount(accounts, params.user_id);
    const page = await readMediaOfUser(media.database.reader, userNid, pageOf(query));
    const deleted = await deleteMedia(
      media,
      page.media.map(({ nid }) => nid),
    );
    return { deleted_media: deleted, total: deleted.length };
  },
});

/** Without an order the newest come first. */
function pageOf({ from, limit, order_by: order, dir }: Static<typeof UserMediaQuery>): MediaPage {
  const isDescending = dir === 'b' || (dir === undefined && order === undefined);
  return { from, limit, order: order ?? 'created_ts', isDescending };
}

function describe(media: Media, userId: string | null): object {
  return {
    media_id: media.mediaId,
    media_type: media.content === undefined ? null : media.mediaType,
    media_length: media.content?.bytes ?? null,
    upload_name: media.uploadName ?? null,
    created_ts: media.createdTs,
    url_cache: media.urlCache ?? null,
    last_access_ts: media.lastAccessTs,
    quarantined_by: media.quarantinedBy ?? null,
    safe_from_quarantine: media.isProtected,
    user_id: userId,
    authenticated: media.isAuthenticated,
    sha256: media.content?.sha256 ?? null,
  };
}

export const mediaReadingEndpoints: readonly Endpoint<AdminServices>[] = [
  listRoomMedia,
  showMedia,
  listUserMedia,
  deleteUserMedia,
];
