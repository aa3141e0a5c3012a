/** Every limit on what is sent to other servers by itself. */

/** SS API, "Transactions". */
export const pdusPerTransactionMax = 50;
export const edusPerTransactionMax = 100;

/** Of a room's ends, those that a server hears of which was put out of it; well below what a transaction holds. */
export const endsToldMax = 20;

/** EDUs that are stored are read so many at a time; some of a transaction's room is left to the others. */
export const storedEdusPerTransactionMax = 80;

/** About so many characters of EDUs go into one transaction, and one EDU whatever its size. */
export const eduCharactersMax = 4 * 1024 * 1024;

/** In characters: what a destination says against an event, in the log. */
export const errorLengthMax = 500;

/** Users in one presence EDU. */
export const presencePerEduMax = 50;

/** Events that wait for one destination in memory; with more it gets the newest of each room. */
export const queuedPdusMax = 500;

/** Of typing, and of presence, that wait for one destination; the oldest go. */
export const ephemeralQueuedMax = 1_000;

/** Requests with transactions under way at once, over all destinations. */
export const concurrentTransactionsMax = 100;

/** Destinations that failed and are asked again at once. */
export const concurrentRetriesMax = 25;

/** How often, at most and at least, it is looked which destinations may be asked again. */
export const retrySweepMsMin = 500;
export const retrySweepMsMax = 30_000;

/** How long somebody waits for a destination to get an event again. */
export const tellAgainMsMax = 3_000;

/** How long the last transactions may take when the server stops. */
export const stopGraceMs = 3_000;

/** How long a destination waits when this server's own database could not be read or written. */
export const ownFaultPauseMs = 2_000;

/** Rooms whose servers are remembered. */
export const roomsRememberedMax = 5_000;

/** Destinations that are known to have a row. */
export const destinationsRememberedMax = 20_000;

/** Changes of membership in one room that are followed one by one; with more its members are read anew. */
export const memberChangesMax = 1_000;

/** How often it is said again that somebody types on; other servers forget it after a minute. */
export const typingRepeatMs = 40_000;

/** Changes of presence within this time are sent together. */
export const presenceDelayMs = 500;

/**
 * So long after somebody has come to a room the presence of who is there is told: the other server has to have the room by
 * then, since it takes no interest in the users of rooms that it is not in.
 */
export const presenceOnArrivalMs = 3_000;

/** Destinations that are taken up at once after a start. */
export const queuesAtStartMax = 500;
