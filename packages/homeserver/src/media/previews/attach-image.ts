import { MatrixError } from '../../errors/matrix-error.ts';
import { fetchResource } from './fetch-resource.ts';
import type { Resource } from './fetch-resource.ts';
import { fileNameOf } from './file-name.ts';
import type { OpenGraph } from './open-graph.ts';
import type { UrlPreviews } from './url-previews.ts';

export interface AttachedImage {
  readonly mxc: string;
  readonly properties: OpenGraph;
}

export interface ImageReference {
  /** As the page writes it. */
  readonly address: string | undefined;
  /** What it is relative to. */
  readonly base: URL;
  readonly signal: AbortSignal;
}

/** Fetches the picture of a page and keeps it; undefined if there is none to be had. */
export async function attachImage(
  previews: UrlPreviews,
  { address, base, signal }: ImageReference,
): Promise<AttachedImage | undefined> {
  const url = address === undefined ? null : URL.parse(address, base.href);
  if (url === null || previews.images === undefined) return undefined;
  try {
    const picture = await fetchResource(previews, { url, accept: 'image/*', signal });
    return await storeImage(previews, picture);
  } catch (error) {
    if (!(error instanceof MatrixError)) throw error;
    previews.logger.debug({ err: error }, 'a preview goes without its picture');
    return undefined;
  }
}

/** Keeps a picture as media of this server; undefined for what is none. Throws a MatrixError if it cannot be read. */
export async function storeImage(
  { images }: UrlPreviews,
  picture: Resource,
): Promise<AttachedImage | undefined> {
  const [contentType = ''] = picture.contentType.split(';');
  if (images === undefined || !contentType.startsWith('image/')) {
    picture.discard();
    return undefined;
  }
  const stored = await images.store({
    chunks: picture.chunks,
    contentType: contentType.trim(),
    fileName: fileNameOf(picture.header('content-disposition')),
    url: picture.url.href,
  });
  // A store that refuses it at the first bytes leaves the others.
  picture.discard();
  if (stored === undefined) return undefined;
  const { mxc, size, width, height } = stored;
  const properties: OpenGraph = {
    'og:image': mxc,
    'og:image:type': contentType.trim(),
    ...(width === undefined ? {} : { 'og:image:width': width }),
    ...(height === undefined ? {} : { 'og:image:height': height }),
    'matrix:image:size': size,
  };
  return { mxc, properties };
}
