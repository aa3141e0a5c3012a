import { Type } from 'typebox';
import type { Static } from 'typebox';

import type { Endpoint, Requester } from '../http/endpoint.ts';
import type { Reply } from '../http/response.ts';
import { findMedia } from '../media/find-media.ts';
import type { MediaWanted } from '../media/find-media.ts';
import { findThumbnail } from '../media/find-thumbnail.ts';
import { thumbnailPixelsMax, uploadWaitMsDefault } from '../media/limits.ts';
import { mediaResponse, thumbnailResponse } from './media-response.ts';
import { mediaEndpoint } from './services.ts';
import type { MediaServices } from './services.ts';

const spec = 'Content repository';
const DownloadQuery = Type.Object({
  allow_remote: Type.Boolean({ default: true }),
  timeout_ms: Type.Integer({ minimum: 0, default: uploadWaitMsDefault }),
  // Media is always served from here, so it makes no difference.
  allow_redirect: Type.Boolean({ default: false }),
  admin_unsafely_bypass_quarantine: Type.Boolean({ default: false }),
});
const Pixels = Type.Integer({ minimum: 1, maximum: thumbnailPixelsMax });
const ThumbnailQuery = Type.Object({
  ...DownloadQuery.properties,
  width: Pixels,
  height: Pixels,
  method: Type.Union([Type.Literal('crop'), Type.Literal('scale')], { default: 'scale' }),
  animated: Type.Boolean({ default: false }),
});
const errcodes = ['M_NOT_FOUND', 'M_NOT_YET_UPLOADED', 'M_TOO_LARGE'] as const;

const media = '/{serverName}/{mediaId}';
const frozenPaths = <const Rest extends string>(rest: Rest) =>
  [`/_matrix/media/v3/${rest}`, `/_matrix/media/r0/${rest}`, `/_matrix/media/v1/${rest}`] as const;

const getContentAuthed = mediaEndpoint({
  operationId: 'getContentAuthed',
  summary: 'Download media',
  spec,
  method: 'GET',
  paths: [
    `/_matrix/client/v1/media/download${media}`,
    `/_matrix/client/v1/media/download${media}/{fileName}`,
  ],
  authentication: 'required',
  guests: true,
  query: DownloadQuery,
  errcodes,
  handle: (request, services) => download(request, services, 'user'),
});

const getContent = mediaEndpoint({
  operationId: 'getContent',
  summary: 'Download media that was stored before the freeze',
  spec,
  method: 'GET',
  paths: [...frozenPaths(`download${media}`), ...frozenPaths(`download${media}/{fileName}`)],
  authentication: 'none',
  query: DownloadQuery,
  errcodes,
  deprecated: true,
  handle: (request, services) => download(request, services, 'frozen'),
});

const getContentThumbnailAuthed = mediaEndpoint({
  operationId: 'getContentThumbnailAuthed',
  summary: 'Download a thumbnail of media',
  spec,
  method: 'GET',
  paths: [`/_matrix/client/v1/media/thumbnail${media}`],
  authentication: 'required',
  guests: true,
  query: ThumbnailQuery,
  errcodes: [...errcodes, 'M_UNKNOWN'],
  handle: (request, services) => thumbnail(request, services, 'user'),
});

const getContentThumbnail = mediaEndpoint({
  operationId: 'getContentThumbnail',
  summary: 'Download a thumbnail of media that was stored before the freeze',
  spec,
  method: 'GET',
  paths: frozenPaths(`thumbnail${media}`),
  authentication: 'none',
  query: ThumbnailQuery,
  errcodes: [...errcodes, 'M_UNKNOWN'],
  deprecated: true,
  handle: (request, services) => thumbnail(request, services, 'frozen'),
});

const getConfigAuthed = mediaEndpoint({
  operationId: 'getConfigAuthed',
  summary: 'The limits of the media repository',
  spec,
  method: 'GET',
  paths: ['/_matrix/client/v1/media/config'],
  authentication: 'required',
  guests: true,
  errcodes: [],
  handle: (_request, services) => limitsOf(services),
});

const getConfig = mediaEndpoint({
  operationId: 'getConfig',
  summary: 'The limits of the media repository, for older clients',
  spec,
  method: 'GET',
  paths: frozenPaths('config'),
  authentication: 'required',
  guests: true,
  errcodes: [],
  deprecated: true,
  handle: (_request, services) => limitsOf(services),
});

function limitsOf({ media: { config } }: MediaServices): object {
  return { 'm.upload.size': config.uploadBytesMax };
}

interface DownloadRequest {
  readonly params: {
    readonly serverName: string;
    readonly mediaId: string;
    readonly fileName?: string;
  };
  readonly query: Static<typeof DownloadQuery>;
  readonly requester: Requester | undefined;
  readonly clientAddress: string;
  readonly signal: AbortSignal;
  header(name: string): string | undefined;
}

type ThumbnailRequest = DownloadRequest & { readonly query: Static<typeof ThumbnailQuery> };

async function download(
  request: DownloadRequest,
  services: MediaServices,
  asker: 'user' | 'frozen',
): Promise<Reply> {
  const found = await findMedia(services.media, wantedBy(request, services, asker));
  const { fileName } = request.params;
  return mediaResponse(request, services.media, found, { fileName, audience: audienceOf(asker) });
}

async function thumbnail(
  request: ThumbnailRequest,
  services: MediaServices,
  asker: 'user' | 'frozen',
): Promise<Reply> {
  const { width, height, method, animated: isAnimated } = request.query;
  const found = await findThumbnail(services.media, wantedBy(request, services, asker), {
    width,
    height,
    method,
    isAnimated,
  });
  return thumbnailResponse(request, found, audienceOf(asker));
}

function audienceOf(asker: 'user' | 'frozen'): 'private' | 'public' {
  return asker === 'frozen' ? 'public' : 'private';
}

function wantedBy(
  { params, query, requester, clientAddress, signal }: DownloadRequest,
  { remoteMediaBytes }: MediaServices,
  asker: 'user' | 'frozen',
): MediaWanted {
  return {
    serverName: params.serverName,
    mediaId: params.mediaId,
    asker,
    allowRemote: query.allow_remote,
    timeoutMs: query.timeout_ms,
    seesQuarantined: query.admin_unsafely_bypass_quarantine && requester?.isAdmin === true,
    signal,
    countRemoteBytes: (bytes) =>
      remoteMediaBytes.check(clientAddress, undefined, { actions: bytes }),
  };
}

export const mediaDownloadEndpoints: readonly Endpoint<MediaServices>[] = [
  getContentAuthed,
  getContent,
  getContentThumbnailAuthed,
  getContentThumbnail,
  getConfigAuthed,
  getConfig,
];
