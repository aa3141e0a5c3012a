/** Bytes from `start` up to and without `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** A place for files with names of our own making; a file never changes once it is there. */
export interface FileStore {
  /** Tells the stores of one server apart, across restarts. */
  readonly name: string;
  /** Stores the file at `path`, of `bytes` bytes and with that SHA-256 (hex). Safe on the disk once it resolves. */
  put(key: string, path: string, bytes: number, sha256: string): Promise<void>;
  /**
   * Undefined if it has no such file. The bytes are read as they are asked for; a chunk's memory may be used again
   * once the next is asked for.
   */
  open(key: string, range: ByteRange): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** A file that is not there is no fault. */
  remove(key: string): Promise<void>;
}

/** The file of contents with that hash. */
export function contentKey(sha256: string): string {
  return `content/${inFolders(sha256)}`;
}

export interface ThumbnailShape {
  readonly width: number;
  readonly height: number;
  readonly method: 'crop' | 'scale';
  readonly isAnimated: boolean;
}

/** The file of a thumbnail of contents with that hash. */
export function thumbnailKey(sha256: string, shape: ThumbnailShape): string {
  const { width, height, method, isAnimated } = shape;
  const kind = isAnimated ? `${method}-animated` : method;
  return `thumbnails/${inFolders(sha256)}/${width}x${height}-${kind}`;
}

/** The hash of the contents that a file is, or was made of. */
export function sha256OfKey(key: string): string {
  return key.split('/').slice(1, 4).join('');
}

/** Folders that do not grow too large. */
function inFolders(sha256: string): string {
  return `${sha256.slice(0, 2)}/${sha256.slice(2, 4)}/${sha256.slice(4)}`;
}
