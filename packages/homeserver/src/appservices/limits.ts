/** Changes of the log that one transaction tells about, at most. */
export const changesPerTransaction = 100;

/** Rooms and users whose typing and presence wait for a service that does not answer; what is beyond is not told. */
export const ephemeralWaitingMax = 1_000;

/** Users whose numbers of keys one transaction tells. */
export const keyCountUsersMax = 100;

/** Rooms of a user that are looked at for whether a service sees the user. */
export const roomsLookedAtMax = 500;

/** A transaction that was not taken is tried again after so long, then twice as long each time up to the maximum. */
export const retryDelayMsFirst = 1_000;
export const retryDelayMsMax = 5 * 60_000;

/** For a transaction to be taken. */
export const transactionTimeoutMs = 60_000;

/** For an answer that somebody waits for, and how often it is asked for. */
export const questionTimeoutMs = 10_000;
export const questionAttempts = 3;

/** Of an answer. */
export const answerBytesMax = 1024 * 1024;

/** Of an answer to a ping that is shown to the service. */
export const pingBodyBytesMax = 64 * 1024;

/** Events of one room that are read in one go. */
export const eventsReadAtOnce = 500;
