/** Limits of what is asked and kept of users of other servers. */

/** Servers that one request of a client asks at once. */
export const serversAskedAtOnce = 10;

/** Users that one request to a server asks for. */
export const usersPerRequestMax = 250;

/** In bytes: an answer about keys. */
export const keysAnswerBytesMax = 8 * 1024 * 1024;

/** Of one user, as Synapse; those beyond are left out. */
export const devicesPerUserMax = 1_000;

/** In characters: the name of a device. */
export const displayNameLengthMax = 255;

/** Servers whose device lists are fetched at once. */
export const serversResyncedAtOnce = 8;

/** Device lists of one server that are fetched at once. */
export const resyncsOfServerAtOnce = 2;

/** Until a device list is there. */
export const resyncTimeoutMs = 15_000;

/** After so many failures a list is forgotten, so that its server is asked each time. */
export const resyncAttemptsMax = 10;

/** Between one try and the next; it doubles up to the other one. */
export const resyncDelayMsFirst = 30_000;
export const resyncDelayMsMax = 6 * 3_600_000;
