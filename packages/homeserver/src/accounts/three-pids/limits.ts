/** Every limit on addresses and their proofs. */

/** As Synapse. */
export const emailBytesMax = 500;

/** CS API, `requestToken`: `[0-9a-zA-Z.=_-]`, at most 255 of them. */
export const CLIENT_SECRET = /^[0-9a-zA-Z.=_-]{1,255}$/;

export const nextLinkLengthMax = 2_000;

/** What was not proven, or not used, by then is forgotten. As long as a session of interactive authentication. */
export const sessionLifetimeMs = 48 * 3_600_000;
