/** Every limit on receipts, typing and presence. */

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

/** Users whose presence is remembered; those seen longest ago are forgotten first. */
export const presenceUsersMax = 50_000;
/** Devices of one user that are followed at once. */
export const presenceDevicesMax = 20;
/** Changes of presence that are remembered, for syncs that have not seen them. */
export const presenceChangesRememberedMax = 20_000;
/** Longer status messages are refused. */
export const statusMessageLengthMax = 1_024;
/** How often it is looked whether presence has passed with time. */
export const presenceExpiryIntervalMs = 1_000;
/** A server that says nothing more of a user for so long is taken to say that they are offline, as by Synapse. */
export const remotePresenceMs = 30 * 60_000;
