/** Every limit on receipts and typing. */

/** Receipts of one room that wait for events this server does not have; more are not kept. */
export const waitingReceiptsMax = 1_000;

/** A client that says nothing more is taken to have stopped typing. */
export const typingTimeoutDefaultMs = 30_000;

/** Longer timeouts are cut to this. */
export const typingTimeoutMaxMs = 120_000;

/** Users typing at once, over all rooms; more are not shown. */
export const typingUsersMax = 50_000;

/** Changes of who is typing that are remembered, for syncs that have not seen them. */
export const typingChangesRememberedMax = 20_000;
