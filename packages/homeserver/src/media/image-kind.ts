import { openIfThere } from './stores/folder-store.ts';

const BYTES = 16;

export interface ImageKind {
  readonly mediaType: string;
  /** What the first bytes claim; 0 where they say nothing. */
  readonly pixels: number;
}

/**
 * The kind of picture that a file's first bytes say it is; undefined for whatever thumbnails are not made of. What
 * the uploader declared does not count.
 */
export async function imageKindOf(path: string): Promise<ImageKind | undefined> {
  const file = await openIfThere(path);
  if (file === undefined) return undefined;
  try {
    const buffer = Buffer.alloc(BYTES);
    const { bytesRead } = await file.read(buffer, 0, BYTES, 0);
    const mediaType = imageType(buffer.subarray(0, bytesRead).toString('latin1'));
    if (mediaType === undefined) return undefined;
    // The decoder overlooks a GIF's screen that is too large; a browser need not.
    const isGif = mediaType === 'image/gif' && bytesRead >= 10;
    return { mediaType, pixels: isGif ? buffer.readUInt16LE(6) * buffer.readUInt16LE(8) : 0 };
  } finally {
    await file.close();
  }
}

function imageType(start: string): string | undefined {
  if (start.startsWith('\u00ff\u00d8\u00ff')) return 'image/jpeg';
  if (start.startsWith('\u0089PNG\r\n\u001a\n')) return 'image/png';
  if (/^GIF8[79]a/.test(start)) return 'image/gif';
  if (/^RIFF[^]{4}WEBP/.test(start)) return 'image/webp';
  if (/^[^]{4}ftyp(?:avif|avis|mif1)/.test(start)) return 'image/avif';
  return undefined;
}
