/** Limits of what other servers may send. */

/** Of one transaction (SS API, "Transactions"). */
export const pdusMax = 50;
export const edusMax = 100;

/**
 * Transactions of one server at once. It is to wait for the answer to one before it sends the next (SS API,
 * "Transactions"), but may have been restarted meanwhile.
 */
export const transactionsAtOnceMax = 5;

/**
 * Events that wait for their place, of one room, and of one server. They pass as fast as the disk takes them; a server that
 * sends more waits for its answer, and is then asked to come later.
 */
export const waitingEventsMax = 10_000;
export const waitingInRoomMax = 2_000;
export const waitingOfOriginMax = 1_000;
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

/**
 * Events about which others are asked, and those of one server. They may wait long; what is more is given up, and comes
 * with the events that stand on it.
 */
export const incompleteEventsMax = 10_000;
export const incompleteOfOriginMax = 1_000;

/**
 * Rooms and servers, in pairs, for which others are asked at once, and pairs of one server: who does not answer keeps
 * only these busy. Between the turns of a pair, each of so many events, the others have theirs.
 */
export const lanesAtOnce = 100;
export const lanesOfOriginAtOnce = 10;
export const eventsPerTurn = 10;

/**
 * How often others are asked about an event whose ancestors cannot be had, and, for about a day, where they cannot be
 * reached; how long it waits for the second time, and at most.
 */
export const attemptsMax = 6;
export const cutOffAttemptsMax = 150;
export const firstRetryMs = 30_000;
export const retryMsMax = 10 * 60_000;

/** How long an answer is kept for a transaction that comes again, and about how many to one server. */
export const answersKeptMs = 24 * 60 * 60 * 1000;
export const answersOfOriginMax = 500;
/** Servers of which is known how many answers they have got lately. */
export const originsRememberedMax = 10_000;
export const pruneEveryMs = 60 * 60 * 1000;
