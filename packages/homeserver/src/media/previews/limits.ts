/** Every limit of URL previews that is not an option. */

/** Of an address that is asked about. */
export const urlLengthMax = 4_096;

/**
 * How long what was fetched is good for: what the page says, within these; the shortest time if it says nothing. No
 * page is fetched more often than once an hour, whatever it says.
 */
export const lifetimeMsMin = 3_600_000;
export const lifetimeMsMax = 24 * 3_600_000;

/** How long a row, and its picture with it, is kept after it has expired: clients may still show it. */
export const keptAfterExpiryMs = 2 * 24 * 3_600_000;
/** How long after it has expired a row may still be found unchanged; well before its picture is removed. */
export const revalidatedAfterExpiryMs = keptAfterExpiryMs / 2;
/** How old a picture must be that no preview shows; a preview takes a minute at most. */
export const strayAfterMs = 3_600_000;
/** Between two looks for rows to remove. */
export const removalIntervalMs = 600_000;
/** Rows that one round removes at a time. */
export const removalsAtOnce = 100;

/** How long a failure is remembered, and how many. */
export const failureMs = 300_000;
export const failuresMax = 10_000;

/** Previews that are being made at a time, and those that wait for their turn. */
export const previewsAtOnce = 16;
export const previewsWaitingMax = 500;

/** For everything that one preview fetches, and for each of them: the page, its oEmbed description, its picture. */
export const previewMsMax = 45_000;
export const fetchMsMax = 20_000;
export const connectMsMax = 5_000;
export const headersMsMax = 10_000;
/** Between two pieces of a body. */
export const idleMsMax = 10_000;
export const redirectsMax = 5;
/** Of an oEmbed description; a page may have `max_spider_size`. */
export const oembedBytesMax = 256 * 1024;

/** Of an HTML document: what goes beyond is not looked at any more. */
export const elementsMax = 100_000;
export const depthMax = 512;
export const attributesMax = 256;
/** How much of a document must be in the encoding that it declares. */
export const encodingCheckBytes = 64 * 1024;
/** How much is decoded and parsed before others get their turn. */
export const parseChunkBytes = 32 * 1024;

/** Of what is kept of a document while it is read. */
export const metaTagsMax = 50;
export const imagesMax = 100;
export const textCharactersMax = 8_000;
export const titleCharactersMax = 2_000;

/** Of the answer: what is longer is left out. Synapse has the same. */
export const nameCharactersMax = 50;
export const valueCharactersMax = 1_000;

/** Of a description that is made of a page's text. */
export const descriptionCharactersMin = 200;
export const descriptionCharactersMax = 500;

/** Of the file name that comes with a picture. */
export const fileNameCharactersMax = 255;
/** Of an ETag that is remembered. */
export const etagCharactersMax = 512;
