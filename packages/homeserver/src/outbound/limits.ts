/** What a request to the outside may cost. A caller narrows or widens them for its purpose. */
export interface OutboundLimits {
  /** Until a connection stands, look-up and TLS included. */
  readonly connectMs: number;
  /** From the sent request to the whole head of the answer. */
  readonly headersMs: number;
  /** Between two pieces of the body. */
  readonly idleMs: number;
  /** For everything, redirects and the last byte of the body included. */
  readonly totalMs: number;
  /** Of the body, both as it travels and as it is after decompression. */
  readonly bodyBytesMax: number;
  /** How many times larger a body may be than what travelled, once it is larger than `ratioFreeBytes`. */
  readonly decompressionRatioMax: number;
  readonly redirectsMax: number;
}

export const defaultLimits: OutboundLimits = {
  connectMs: 10_000,
  headersMs: 30_000,
  idleMs: 30_000,
  totalMs: 60_000,
  bodyBytesMax: 10 * 1024 * 1024,
  decompressionRatioMax: 100,
  redirectsMax: 5,
};

/** So much is harmless whatever it was before: a short text of one letter compresses without end. */
export const ratioFreeBytes = 1024 * 1024;

/** Of the head of an answer. */
export const headersBytesMax = 32 * 1024;

/** Connections to one origin at a time; more requests wait. */
export const connectionsPerOriginMax = 8;

/** Origins whose connections are kept; the one used least recently is given up for a new one. */
export const originsMax = 2_000;

/** How long a connection is kept without a request. */
export const keepAliveMs = 30_000;
