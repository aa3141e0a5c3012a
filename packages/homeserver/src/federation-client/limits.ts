/** Limits of what Soma asks of other servers, and of what it takes from them. */

/** Of a JSON answer, where the caller has no limit of its own: of one event, or of what was made of fifty. */
export const jsonBytesMax = 1024 * 1024;

/** Arrays and objects within one another, in a JSON answer; as in a body of a request. */
export const jsonDepthMax = 500;

/** Of a server's keys, and of what an error tells. */
export const smallJsonBytesMax = 64 * 1024;

/** Anybody can name any server in a request; more at once, and on behalf of one address, are not asked for their keys. */
export const keyFetchesAtOnceMax = 400;
export const keyFetchesOfAddressMax = 50;

/** Of a notary's answer about a batch of servers. */
export const notaryBytesMax = 4 * 1024 * 1024;

/** From one byte of a media download to the next, and for all of it. */
export const streamIdleMs = 60_000;
export const streamTotalMs = 3_600_000;

/** Targets of one server that are tried before it counts as failed. */
export const routesTriedMax = 4;

/** Of the head of a part in a multipart answer, and of what stands before the first part. */
export const partHeadBytesMax = 16 * 1024;

/** Servers whose discovery, keys and failures are kept in memory; the others are in the database. */
export const serversRememberedMax = 10_000;
