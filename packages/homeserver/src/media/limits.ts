/** Every limit of the media repository that is not an option. */

/** Of a media ID that is asked for; ours have 24 characters. */
export const mediaIdLengthMax = 255;

/** Of the type and the name that come with an upload; what is longer is cut. */
export const mediaTypeLengthMax = 255;
export const uploadNameLengthMax = 1_024;

/** How long a request waits for media that is still being uploaded, by default and at most. */
export const uploadWaitMsDefault = 20_000;
export const uploadWaitMsMax = 60_000;

/** Of a thumbnail that is asked for. */
export const thumbnailPixelsMax = 100_000;

/** Pictures that are being made smaller at a time, and those that wait for their turn. */
export const thumbnailsAtOnce = 2;
export const thumbnailsWaitingMax = 500;

/** After which making one thumbnail is given up. */
export const thumbnailSeconds = 20;

/** Of an animation that becomes an animated thumbnail; a longer one becomes a still picture. */
export const animationFramesMax = 1_000;

/** Of any animation: what has more frames is not looked at. */
export const framesMax = 20_000;

/** How much is read at a time. */
export const chunkBytes = 128 * 1024;

/** Between two looks for what has expired or failed before. */
export const housekeepingMs = 60_000;
export const retentionMs = 3_600_000;
/** Between two writings of when media was last read. */
export const accessFlushMs = 10_000;

/** Rows that one commit removes. */
export const removalsAtOnce = 100;

/** Files that are removed at a time. */
export const settledAtOnce = 16;
