import type * as SharpModule from 'sharp';
import type { Metadata, Sharp } from 'sharp';

import { badRequest, tooLarge } from '../errors/matrix-error.ts';
import type { MatrixError } from '../errors/matrix-error.ts';
import { imageKindOf } from './image-kind.ts';
import { animationFramesMax, framesMax, thumbnailSeconds } from './limits.ts';
import type { ThumbnailShape } from './stores/file-store.ts';

/** A picture made smaller, or the finding that it is small enough as it is. */
export interface MadeThumbnail {
  readonly mediaType: string;
  readonly image: Uint8Array | undefined;
}

/** All frames of an animation together may have so many times the pixels of a still picture. */
const ANIMATION_PIXELS_FACTOR = 4;
const JPEG_QUALITY = 82;

let loaded: Promise<typeof SharpModule> | undefined;

/**
 * Makes a thumbnail of the picture in that file. Throws 400 M_UNKNOWN for what is not a sound picture of a known
 * kind, and 413 M_TOO_LARGE for one with too many pixels or frames.
 */
export async function makeThumbnail(
  path: string,
  shape: ThumbnailShape,
  pixelsMax: number,
): Promise<MadeThumbnail> {
  const { mediaType, metadata, pixels, frames } = await inspectImage(path, pixelsMax);
  const { width, height } = metadata.autoOrient;
  const { default: sharp } = await (loaded ??= loadSharp());
  const isSmall = width <= shape.width && height <= shape.height;
  if (isSmall && (frames === 1 || shape.isAnimated)) {
    // Its header is no proof that it is a whole picture, and as a thumbnail it must be one.
    await readable(sharp(path, options(pixelsMax)).timeout(timeLimit).stats());
    return { mediaType, image: undefined };
  }
  const isAnimated =
    shape.isAnimated &&
    frames > 1 &&
    frames <= animationFramesMax &&
    pixels * frames <= pixelsMax * ANIMATION_PIXELS_FACTOR;
  if (isAnimated) {
    const animation = sharp(path, {
      ...options(pixelsMax * ANIMATION_PIXELS_FACTOR),
      animated: true,
    });
    const image = await readable(resized(animation, shape, metadata).webp().toBuffer());
    return { mediaType: 'image/webp', image };
  }
  const still = resized(sharp(path, options(pixelsMax)).autoOrient(), shape, metadata);
  if (metadata.hasAlpha) {
    return { mediaType: 'image/png', image: await readable(still.png().toBuffer()) };
  }
  const image = await readable(still.jpeg({ quality: JPEG_QUALITY }).toBuffer());
  return { mediaType: 'image/jpeg', image };
}

export interface InspectedImage {
  readonly mediaType: string;
  readonly metadata: Metadata;
  readonly pixels: number;
  readonly frames: number;
}

/** What the head of a picture says. Throws as {@link makeThumbnail}. */
export async function inspectImage(path: string, pixelsMax: number): Promise<InspectedImage> {
  const kind = await imageKindOf(path);
  if (kind === undefined) throw notAPicture();
  const { default: sharp } = await (loaded ??= loadSharp());
  // The header decides before a pixel is read; the library's own limit would only speak of itself.
  const metadata = await readable(sharp(path, { limitInputPixels: false }).metadata());
  const { width, height } = metadata.autoOrient;
  const pixels = Math.max(width * height, kind.pixels);
  const frames = metadata.pages ?? 1;
  if (pixels > pixelsMax || frames > framesMax) throw tooLarge('The picture is too large');
  return { mediaType: kind.mediaType, metadata, pixels, frames };
}

const timeLimit = { seconds: thumbnailSeconds };

function options(pixelsMax: number) {
  return { limitInputPixels: pixelsMax, sequentialRead: true, failOn: 'error' } as const;
}

function resized(
  image: Sharp,
  { width, height, method }: ThumbnailShape,
  { autoOrient: of }: Metadata,
): Sharp {
  if (method === 'scale') {
    return image
      .timeout(timeLimit)
      .resize({ width, height, fit: 'inside', withoutEnlargement: true });
  }
  // What is asked for is made smaller, in its own proportions, until the picture covers it: nothing is enlarged.
  const factor = Math.min(1, of.width / width, of.height / height);
  const size = (pixels: number): number => Math.max(1, Math.round(pixels * factor));
  return image
    .timeout(timeLimit)
    .resize({ width: size(width), height: size(height), fit: 'cover' });
}

/** Loaded at the first picture: most processes never see one. */
async function loadSharp(): Promise<typeof SharpModule> {
  const module = await import('sharp');
  const { default: sharp } = module;
  sharp.cache(false);
  // Our queue decides how many pictures are worked on; each gets one thread.
  sharp.concurrency(1);
  sharp.block({ operation: ['VipsForeignLoad'] });
  const kinds = ['Jpeg', 'Png', 'Nsgif', 'Webp', 'Heif'];
  sharp.unblock({ operation: kinds.map((kind) => `VipsForeignLoad${kind}`) });
  return module;
}

/** What the library throws is about the picture. */
async function readable<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw /pixel limit/i.test(text) ? tooLarge('The picture is too large') : notAPicture();
  }
}

function notAPicture(): MatrixError {
  return badRequest('No thumbnail can be made of this media');
}
