import { Type } from 'typebox';

import type { Endpoint } from '../http/endpoint.ts';
import { EmptyObject } from '../http/schemas.ts';
import { mxcOf } from '../media/media-id.ts';
import { findReserved, reserveMedia } from '../media/reserve-media.ts';
import { fillMedia, uploadMedia } from '../media/upload-media.ts';
import type { Upload } from '../media/upload-media.ts';
import { mediaEndpoint } from './services.ts';
import type { MediaServices } from './services.ts';

const spec = 'Content repository';
const query = Type.Object({ filename: Type.Optional(Type.String()) });
/** The configured limit holds; this one would come before it. */
const bodyBytesMax = Number.MAX_SAFE_INTEGER;

const uploadContent = mediaEndpoint({
  operationId: 'uploadContent',
  summary: 'Upload a file',
  spec,
  method: 'POST',
  paths: ['/_matrix/media/v3/upload', '/_matrix/media/r0/upload', '/_matrix/media/v1/upload'],
  authentication: 'required',
  query,
  bodyAs: 'stream',
  bodyBytesMax,
  errcodes: ['M_TOO_LARGE', 'M_FORBIDDEN'],
  async handle(request, { media }) {
    const mediaId = await uploadMedia(media, uploadOf(request));
    return { content_uri: mxcOf({ serverName: media.serverName, mediaId }) };
  },
});

const createContent = mediaEndpoint({
  operationId: 'createContent',
  summary: 'Reserve a media ID for a later upload',
  spec,
  method: 'POST',
  paths: ['/_matrix/media/v1/create'],
  authentication: 'required',
  rateLimit: 'rc_media_create',
  body: EmptyObject,
  bodyOptional: true,
  errcodes: ['M_LIMIT_EXCEEDED'],
  async handle({ requester }, { media }) {
    const { mediaId, expiresTs } = await reserveMedia(media, requester.userNid);
    return {
      content_uri: mxcOf({ serverName: media.serverName, mediaId }),
      unused_expires_at: expiresTs,
    };
  },
});

const uploadContentToMXC = mediaEndpoint({
  operationId: 'uploadContentToMXC',
  summary: 'Upload the file of a reserved media ID',
  spec,
  method: 'PUT',
  paths: [
    '/_matrix/media/v3/upload/{serverName}/{mediaId}',
    '/_matrix/media/r0/upload/{serverName}/{mediaId}',
    '/_matrix/media/v1/upload/{serverName}/{mediaId}',
  ],
  authentication: 'required',
  query,
  bodyAs: 'stream',
  bodyBytesMax,
  errcodes: ['M_NOT_FOUND', 'M_FORBIDDEN', 'M_CANNOT_OVERWRITE_MEDIA', 'M_TOO_LARGE'],
  async handle(request, { media }) {
    const reserved = await findReserved(media, request.requester.userNid, request.params);
    await fillMedia(media, reserved, uploadOf(request));
    return {};
  },
});

interface UploadRequest {
  readonly requester: { readonly userNid: number };
  readonly body: AsyncIterable<Buffer>;
  readonly query: { readonly filename?: string };
  header(name: string): string | undefined;
}

function uploadOf(request: UploadRequest): Upload {
  const declared = request.header('content-length');
  return {
    userNid: request.requester.userNid,
    chunks: request.body,
    bytesDeclared: declared === undefined ? undefined : Number(declared),
    mediaType: request.header('content-type'),
    uploadName: request.query.filename,
  };
}

export const mediaUploadEndpoints: readonly Endpoint<MediaServices>[] = [
  uploadContent,
  createContent,
  uploadContentToMXC,
];
