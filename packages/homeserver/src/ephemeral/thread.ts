/**
 * Threads as storage holds them: the nid of the thread's root event, or one of these (CS API, "Threaded read
 * receipts").
 */

/** `main`: events that are in no thread. */
export const MAIN_TIMELINE = 0;

/** Of a receipt that holds for the room regardless of threads. */
export const UNTHREADED = -1;
