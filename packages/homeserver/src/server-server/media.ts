import { randomBytes } from 'node:crypto';

import { Type } from 'typebox';

import { endpointFor } from '../http/endpoint.ts';
import type { Authentication, Endpoint } from '../http/endpoint.ts';
import { ByteStream } from '../http/response.ts';
import { contentDisposition } from '../media/content-disposition.ts';
import { findStoredMedia, openContent } from '../media/find-media.ts';
import type { MediaWanted } from '../media/find-media.ts';
import { findThumbnail } from '../media/find-thumbnail.ts';
import { thumbnailPixelsMax, uploadWaitMsDefault } from '../media/limits.ts';
import type { MediaRepository } from '../media/media.ts';
import { contentKey } from '../media/stores/file-store.ts';

/** What the handlers of the server-server API about media are given. */
export interface FederationMediaServices {
  readonly media: MediaRepository;
}

const spec = 'Content repository';
const DownloadQuery = Type.Object({
  timeout_ms: Type.Integer({ minimum: 0, default: uploadWaitMsDefault }),
});
const Pixels = Type.Integer({ minimum: 1, maximum: thumbnailPixelsMax });
const ThumbnailQuery = Type.Object({
  ...DownloadQuery.properties,
  width: Pixels,
  height: Pixels,
  method: Type.Union([Type.Literal('crop'), Type.Literal('scale')], { default: 'scale' }),
  animated: Type.Boolean({ default: false }),
});

const endpoint = endpointFor<FederationMediaServices>();

/**
 * Server-server API, "Content Repository": this server's own media for other servers, as multipart/mixed. To be
 * mounted with the authentication of servers only: the media is for those who can prove who they are.
 */
export function federationMediaEndpoints(
  authentication: Authentication,
): readonly Endpoint<FederationMediaServices>[] {
  const common = {
    spec,
    method: 'GET',
    authentication,
    errcodes: ['M_NOT_FOUND', 'M_NOT_YET_UPLOADED', 'M_TOO_LARGE', 'M_UNKNOWN'],
  } as const;
  const download = endpoint({
    ...common,
    operationId: 'getFederationContent',
    summary: 'Download media of this server',
    paths: ['/_matrix/federation/v1/media/download/{mediaId}'],
    query: DownloadQuery,
    async handle({ params, query, signal }, { media }) {
      const found = await findStoredMedia(media, wantedBy(media, params.mediaId, query, signal));
      const { sha256, bytes } = found.content;
      const chunks = await openContent(media, contentKey(sha256), found.nid, {
        start: 0,
        end: bytes,
      });
      const { mediaType, uploadName } = found;
      return multipart(chunks, { bytes, mediaType, uploadName });
    },
  });
  const thumbnail = endpoint({
    ...common,
    operationId: 'getFederationThumbnail',
    summary: 'Download a thumbnail of media of this server',
    paths: ['/_matrix/federation/v1/media/thumbnail/{mediaId}'],
    query: ThumbnailQuery,
    async handle({ params, query, signal }, { media }) {
      const { animated: isAnimated, ...shape } = query;
      const wanted = wantedBy(media, params.mediaId, query, signal);
      const { mediaType, bytes, open } = await findThumbnail(media, wanted, {
        ...shape,
        isAnimated,
      });
      const chunks = await open({ start: 0, end: bytes });
      return multipart(chunks, { bytes, mediaType, uploadName: undefined });
    },
  });
  return [download, thumbnail];
}

function wantedBy(
  { serverName }: MediaRepository,
  mediaId: string,
  { timeout_ms: timeoutMs }: { readonly timeout_ms: number },
  signal: AbortSignal,
): MediaWanted {
  return {
    serverName,
    mediaId,
    asker: 'server',
    allowRemote: false,
    timeoutMs,
    seesQuarantined: false,
    signal,
    countRemoteBytes: () => undefined,
  };
}

interface Part {
  readonly bytes: number;
  readonly mediaType: string;
  readonly uploadName: string | undefined;
}

/** Two parts: metadata, of which there is none, and the file. */
function multipart(chunks: AsyncIterable<Uint8Array>, part: Part): ByteStream {
  const { bytes, mediaType, uploadName } = part;
  const boundary = randomBytes(16).toString('hex');
  const before = Buffer.from(
    `--${boundary}\r\nContent-Type: application/json\r\n\r\n{}\r\n` +
      `--${boundary}\r\nContent-Type: ${mediaType}\r\n` +
      `Content-Disposition: ${contentDisposition(mediaType, uploadName)}\r\n\r\n`,
  );
  const after = Buffer.from(`\r\n--${boundary}--\r\n`);
  const length = before.length + bytes + after.length;
  const type = `multipart/mixed; boundary=${boundary}`;
  return new ByteStream(around(before, chunks, after), type, length);
}

async function* around(
  before: Uint8Array,
  chunks: AsyncIterable<Uint8Array>,
  after: Uint8Array,
): AsyncGenerator<Uint8Array> {
  const inner = chunks[Symbol.asyncIterator]();
  try {
    yield before;
    for (let next = await inner.next(); next.done !== true; next = await inner.next()) {
      yield next.value;
    }
    yield after;
  } finally {
    // Also when nobody wanted more than the beginning.
    await inner.return?.();
  }
}
