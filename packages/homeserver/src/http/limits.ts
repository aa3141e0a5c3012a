/** Every limit of the HTTP edge. An endpoint may have its own `bodyBytesMax`. */

/** As Synapse: 200 times the largest event. */
export const bodyBytesMaxDefault = 200 * 65_536;

/** Arrays and objects within one another, in a body. What recurses over JSON later can rely on it. */
export const jsonDepthMax = 500;

/** A body up to here is small: as one event. */
export const smallBodyBytesMax = 65_536;

/**
 * What larger bodies, of those who have not said yet who they are, may take of memory: from one address, such as a reverse
 * proxy that does not tell for whom it asks, and all together. Who finds it taken may come again soon.
 */
export const heldBytesOfAddressMax = 64 * 1024 * 1024;
export const heldBytesMax = 256 * 1024 * 1024;
export const retryHeldMs = 10_000;

/** By then such a body must be there, since it stays in memory until it is. */
export const heldBodyTimeoutMs = 60_000;

/** The request line and all headers; node answers 431 beyond it. */
export const headersBytesMax = 32 * 1024;

/** A connection must speak TLS by then, where it is to. */
export const handshakeTimeoutMs = 15_000;

/** A client must have sent its headers by then. */
export const headersTimeoutMs = 30_000;

/** A client must have sent the whole request by then: a large upload over a slow line. */
export const requestTimeoutMs = 600_000;

/** How often node looks for clients that are over the two times above. */
export const timeoutCheckMs = 5_000;

/** Longer than the 60 s that reverse proxies keep a connection: they close first, not we. */
export const keepAliveTimeoutMs = 75_000;

/** A body that nobody reads is still taken in up to here, so that the connection can be kept. */
export const discardedBodyBytesMax = 64 * 1024;

/** After a refusal in the middle of a body, how long and how much is still read so that it arrives. */
export const lingerMs = 2_000;
export const lingerBytesMax = 16 * 1024 * 1024;

/** Of a request id that a reverse proxy gives. */
export const requestIdLengthMax = 128;

/** Of a field's path inside an error message. */
export const fieldPathLengthMax = 200;
