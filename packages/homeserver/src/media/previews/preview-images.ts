/** A picture as it is fetched. */
export interface FetchedImage {
  /** Once only. Throws when the picture cannot be fetched to its end; nothing is then to be kept of it. */
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly contentType: string;
  /** Undefined if the server does not say. */
  readonly fileName: string | undefined;
  /** Where it came from. */
  readonly url: string;
}

export interface StoredImage {
  /** The `mxc://` URI. */
  readonly mxc: string;
  /** The number of bytes. */
  readonly size: number;
  /** Undefined if it is a picture that cannot be measured. */
  readonly width: number | undefined;
  readonly height: number | undefined;
}

/** Where the pictures of previews are kept: the media repository, as seen from here. */
export interface PreviewImages {
  /** Keeps a picture as media of this server; undefined if it is none. */
  store(image: FetchedImage): Promise<StoredImage | undefined>;
  /** Removes pictures; those that are not there any more are none the less removed. */
  remove(mxcs: readonly string[]): Promise<void>;
  /** Removes those that were stored before a time and that no preview shows: a crash came between the two. */
  removeStrays(beforeTs: number): Promise<void>;
}
