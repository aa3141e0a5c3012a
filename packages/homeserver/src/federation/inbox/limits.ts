/** Limits of what other servers may send. */

/** Of one transaction (SS API, "Transactions"). */
export const pdusMax = 50;
export const edusMax = 100;

/** Events that wait for their place; a server that sends more waits for its answer, and is then asked to come later. */
export const waitingEventsMax = 10_000;
/** Of one room. */
export const waitingInRoomMax = 2_000;
export const answerDelayMsMax = 10_000;
export const retryAfterMs = 30_000;

/** How long events of a room wait for a join that is under way: others send them as soon as they have taken the join. */
export const joinWaitMsMax = 30_000;

/** Events of one room that are taken in together. */
export const eventsPerRun = 50;
/** What is remembered of events that wait, so that they are not checked twice. */
export const checkedBytesMax = 16 * 1024 * 1024;

/** Rooms whose events are taken in at once. */
export const roomsAtOnce = 20;

/** How often an event is tried whose ancestors cannot be had, and how long it waits for the second time. */
export const attemptsMax = 6;
export const firstRetryMs = 30_000;

/** How long an answer is kept for a transaction that comes again. */
export const answersKeptMs = 24 * 60 * 60 * 1000;
export const pruneEveryMs = 60 * 60 * 1000;
