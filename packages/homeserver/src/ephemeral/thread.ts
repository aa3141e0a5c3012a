/**
 * Threads as storage holds them: the nid of the thread's root event, or one of these (CS API, "Threaded read
 * receipts").
 */

/** `main`: events that are in no thread. */
export const MAIN_TIMELINE = 0;

/** How many relationships lie at most between an event and the one that is in a thread by itself (the same section). */
export const HOPS_MAX = 3;

/** Where an event stands with regard to threads. */
export interface ThreadPlace {
  readonly threadNid: number;
  /** 0 for an event that names the root itself. */
  readonly hops: number;
}

export const IN_MAIN_TIMELINE: ThreadPlace = { threadNid: MAIN_TIMELINE, hops: 0 };

/** Of a receipt that holds for the room regardless of threads. */
export const UNTHREADED = -1;
