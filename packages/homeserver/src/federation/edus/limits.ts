/** Limits of what one EDU may bring. */

/** Receipts of one EDU; more are not looked at. */
export const receiptsPerEduMax = 1_000;

/** Users whose presence one EDU tells; more are not looked at. */
export const presencesPerEduMax = 1_000;

/** In UTF-8 bytes: what a message to devices is recognised by. The specification says 32 characters. */
export const messageIdBytesMax = 255;

/** For so long a message to devices is recognised when it comes again: longer than servers try to send. */
export const messageIdsKeptMs = 30 * 24 * 3_600_000;
