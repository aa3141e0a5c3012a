import { rm } from 'node:fs/promises';

import { MatrixError } from '../errors/matrix-error.ts';
import { deleteMedia } from './delete-media.ts';
import { removalsAtOnce } from './limits.ts';
import { inspectImage } from './make-thumbnail.ts';
import type { InspectedImage } from './make-thumbnail.ts';
import { newMediaId } from './media-id.ts';
import { insertMediaStatements, OWN, readMedia } from './media-store.ts';
import type { MediaRepository } from './media.ts';
import { readStrayImages } from './preview-images-store.ts';
import type { FetchedImage, PreviewImages, StoredImage } from './previews/preview-images.ts';
import { storeContent } from './store-content.ts';
import type { WrittenFile } from './stores/temporary-files.ts';

/** The pictures of URL previews as media of this server that nobody has uploaded. */
export function previewImages(repository: MediaRepository): PreviewImages {
  return {
    store: (image) => store(repository, image),
    async remove(mxcs) {
      const nids: number[] = [];
      for (const mxc of mxcs) {
        const mediaId = mxc.slice(mxc.lastIndexOf('/') + 1);
        const media = await readMedia(repository.database.reader, OWN, mediaId);
        if (media !== undefined) nids.push(media.nid);
      }
      await deleteMedia(repository, nids);
    },
    async removeStrays(beforeTs) {
      const { reader } = repository.database;
      for (;;) {
        const nids = await readStrayImages(reader, beforeTs, mxcOf(repository, ''), removalsAtOnce);
        if (nids.length === 0) return;
        await deleteMedia(repository, nids);
      }
    },
  };
}

function mxcOf({ serverName }: MediaRepository, mediaId: string): string {
  return `mxc://${serverName}/${mediaId}`;
}

async function store(
  repository: MediaRepository,
  image: FetchedImage,
): Promise<StoredImage | undefined> {
  // How much is fetched has been limited by whoever fetches.
  const file = await repository.temporary.write(image.chunks, () => undefined);
  try {
    const inspected = await soundImage(file.path, repository.config.imagePixelsMax);
    if (inspected === undefined) return undefined;
    const { width, height } = inspected.metadata.autoOrient;
    const mxc = await keep(repository, image, file, inspected.mediaType);
    return { mxc, size: file.bytes, width, height };
  } finally {
    await rm(file.path, { force: true });
  }
}

/** Undefined for what is no picture, or none that anybody should look at. */
async function soundImage(path: string, pixelsMax: number): Promise<InspectedImage | undefined> {
  try {
    return await inspectImage(path, pixelsMax);
  } catch (error) {
    if (error instanceof MatrixError) return undefined;
    throw error;
  }
}

async function keep(
  repository: MediaRepository,
  { fileName, url }: FetchedImage,
  file: WrittenFile,
  mediaType: string,
): Promise<string> {
  const mediaId = newMediaId();
  const content = { sha256: file.sha256, bytes: file.bytes };
  const statements = insertMediaStatements({
    nid: await repository.mediaNids.next(),
    origin: OWN,
    mediaId,
    userNid: undefined,
    content,
    mediaType,
    uploadName: fileName,
    nowMs: repository.now(),
    isAuthenticated: repository.config.isAuthenticated,
    urlCache: url,
  });
  await storeContent(repository, file, true, { statements, guards: [] });
  repository.thumbnails.makeInAdvance(repository, content, mediaType, true);
  return mxcOf(repository, mediaId);
}
