import { Type } from 'typebox';
import type { Static } from 'typebox';

import { badRequest, invalidParam, notFound } from '../errors/matrix-error.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { deleteMedia } from '../media/delete-media.ts';
import type { MediaRepository } from '../media/media.ts';
import { readRemovable } from '../media/removal-store.ts';
import { deleteIdleOwn, deleteIdleRemote } from '../media/retention.ts';
import { adminEndpoint } from './services.ts';
import type { AdminServices } from './services.ts';

const base = '/_synapse/admin/v1';
// Clients send an empty object; like Synapse, nothing reads it.
const common = {
  spec: 'Synapse admin API: media',
  authentication: 'admin',
  errcodes: ['M_NOT_FOUND', 'M_MISSING_PARAM', 'M_INVALID_PARAM', 'M_UNKNOWN'],
} as const;

const Before = Type.Object({ before_ts: Type.Integer({ minimum: 0 }) });
const BeforeAndLarger = Type.Object({
  ...Before.properties,
  size_gt: Type.Integer({ minimum: 0, default: 0 }),
  keep_profiles: Type.Boolean({ default: true }),
});

/** The end of 1970 in milliseconds: what is before it was meant in seconds. */
const TS_MIN = 30_000_000_000;

const deleteMediaById = adminEndpoint({
  ...common,
  operationId: 'deleteMediaById',
  summary: 'Delete media of this server',
  method: 'DELETE',
  paths: [`${base}/media/{server_name}/{media_id}`],
  async handle({ params: { server_name: serverName, media_id: mediaId } }, { media }) {
    checkIsOwn(media, serverName);
    const found = await readRemovable(media.database.reader, undefined, mediaId);
    if (found === undefined) throw notFound('Unknown media');
    return described(await deleteMedia(media, [found.media_nid]));
  },
});

const deleteMediaByAge = adminEndpoint({
  ...common,
  operationId: 'deleteMediaByAge',
  summary: 'Delete media of this server that was not read for long',
  method: 'POST',
  paths: [`${base}/media/delete`],
  query: BeforeAndLarger,
  handle: ({ query }, { media }) => deleteByAge(media, query),
});

const deleteMediaOfServerByAge = adminEndpoint({
  ...common,
  operationId: 'deleteMediaOfServerByAge',
  summary: 'Delete media of this server that was not read for long, with its name in the path',
  method: 'POST',
  paths: [`${base}/media/{server_name}/delete`],
  query: BeforeAndLarger,
  deprecated: true,
  handle({ params, query }, { media }) {
    checkIsMilliseconds(query.before_ts);
    checkIsOwn(media, params.server_name);
    return deleteByAge(media, query);
  },
});

const purgeMediaCache = adminEndpoint({
  ...common,
  operationId: 'purgeMediaCache',
  summary: 'Delete what was fetched from other servers and not read for long',
  method: 'POST',
  paths: [`${base}/purge_media_cache`],
  query: Before,
  async handle({ query: { before_ts: beforeTs } }, { media }) {
    checkIsMilliseconds(beforeTs);
    const deleted = await deleteIdleRemote(media, beforeTs, true);
    return { deleted: deleted.length };
  },
});

async function deleteByAge(
  media: MediaRepository,
  query: Static<typeof BeforeAndLarger>,
): Promise<object> {
  const { before_ts: beforeTs, size_gt: bytesAbove, keep_profiles: keepsAvatars } = query;
  checkIsMilliseconds(beforeTs);
  return described(await deleteIdleOwn(media, { beforeTs, bytesAbove, keepsAvatars }));
}

function checkIsMilliseconds(beforeTs: number): void {
  if (beforeTs < TS_MIN) {
    throw invalidParam('before_ts is in the year 1970: it is to be in milliseconds');
  }
}

function checkIsOwn({ serverName: ownName }: MediaRepository, serverName: string): void {
  if (serverName !== ownName) throw badRequest('Only media of this server can be deleted');
}

function described(deleted: readonly string[]): object {
  return { deleted_media: deleted, total: deleted.length };
}

export const mediaDeletionEndpoints: readonly Endpoint<AdminServices>[] = [
  deleteMediaById,
  deleteMediaByAge,
  deleteMediaOfServerByAge,
  purgeMediaCache,
];
