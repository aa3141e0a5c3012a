import { fileResponse } from '../http/file-response.ts';
import type { Reply } from '../http/response.ts';
import { contentDisposition } from '../media/content-disposition.ts';
import { openContent } from '../media/find-media.ts';
import type { StoredMedia } from '../media/find-media.ts';
import type { FoundThumbnail } from '../media/find-thumbnail.ts';
import type { MediaRepository, RemoteDownload } from '../media/media.ts';
import { contentKey } from '../media/stores/file-store.ts';

interface FileRequest {
  header(name: string): string | undefined;
}

/** What is shown to one user is not for caches that many share. */
export type Audience = 'private' | 'public';

/** Client-server API, content repository: served so that no browser runs what somebody uploaded. */
const safeguards: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "sandbox; default-src 'none'; script-src 'none'; plugin-types application/pdf; " +
    "style-src 'unsafe-inline'; media-src 'self'; object-src 'self';",
  'Cross-Origin-Resource-Policy': 'cross-origin',
  'X-Content-Type-Options': 'nosniff',
  'X-Robots-Tag': 'noindex, nofollow, noarchive, noimageindex',
};

export function mediaResponse(
  request: FileRequest,
  media: MediaRepository,
  found: StoredMedia | RemoteDownload,
  { fileName, audience }: { fileName: string | undefined; audience: Audience },
): Promise<Reply> {
  const headers = headersOf(found.mediaType, fileName ?? found.uploadName, audience);
  const contentType = withCharset(found.mediaType);
  if ('finished' in found) {
    const open = () => Promise.resolve(found.chunks());
    return fileResponse(request, { contentType, headers, known: undefined, open });
  }
  const { sha256, bytes } = found.content;
  return fileResponse(request, {
    contentType,
    headers,
    known: { bytes, etag: `"${sha256}"` },
    open: (range) => openContent(media, contentKey(sha256), found.nid, range),
  });
}

export function thumbnailResponse(
  request: FileRequest,
  { key, mediaType, bytes, media: { content }, open }: FoundThumbnail,
  audience: Audience,
): Promise<Reply> {
  return fileResponse(request, {
    contentType: mediaType,
    headers: headersOf(mediaType, `thumbnail.${mediaType.split('/')[1] ?? ''}`, audience),
    known: { bytes, etag: `"${content.sha256}-${key.split('/').slice(4).join('')}"` },
    open,
  });
}

function headersOf(
  mediaType: string,
  fileName: string | undefined,
  audience: Audience,
): Record<string, string> {
  return {
    ...safeguards,
    'Content-Disposition': contentDisposition(mediaType, fileName),
    'Cache-Control': `${audience}, immutable, max-age=86400`,
  };
}

/** Without it browsers would guess, and mostly wrongly. */
function withCharset(mediaType: string): string {
  const isBareText = /^text\//i.test(mediaType) && !/charset/i.test(mediaType);
  return isBareText ? `${mediaType}; charset=UTF-8` : mediaType;
}
