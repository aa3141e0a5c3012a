import { limitExceeded } from '../errors/matrix-error.ts';

/** As in Synapse's `rc_*` options. */
export interface RateLimit {
  readonly perSecond: number;
  readonly burstCount: number;
}

export interface RateLimitOptions {
  /** How many actions at once; none of them is counted if they do not all fit. Default 1. */
  readonly actions?: number;
  /** False asks without counting. Default true. */
  readonly counts?: boolean;
  /** Instead of the limiter's own, for a user with an override. */
  readonly limit?: RateLimit;
}

export interface RateLimitVerdict {
  readonly allowed: boolean;
  /** When the next action fits; undefined if it never will (`perSecond` is 0). */
  readonly allowedAtMs: number | undefined;
}

interface Bucket {
  /** Actions since `emptyAtMs`; what has leaked since then is not taken off. */
  count: number;
  emptyAtMs: number;
  perSecond: number;
}

export interface RateLimiterOptions {
  readonly now?: () => number;
  /** Beyond it the oldest buckets are forgotten. */
  readonly bucketsMax?: number;
}

const firstSweepAtBuckets = 1_000;

/**
 * A leaky bucket per key, with the arithmetic of Synapse's limiter: an action is allowed while the
 * bucket holds at most `burstCount - 1` others, and the bucket leaks `perSecond` continuously.
 * A key is a user id, an address, a room id, or a combination, as the caller decides.
 */
export class RateLimiter {
  readonly #limit: RateLimit;
  readonly #now: () => number;
  readonly #bucketsMax: number;
  readonly #buckets = new Map<string, Bucket>();
  #sweepAtBuckets = firstSweepAtBuckets;

  constructor(limit: RateLimit, options: RateLimiterOptions = {}) {
    this.#limit = limit;
    this.#now = options.now ?? Date.now;
    this.#bucketsMax = options.bucketsMax ?? 200_000;
  }

  /** The keys that are remembered at the moment. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Counts one action (or `actions`) of `key`; throws `429 M_LIMIT_EXCEEDED` if it does not fit. */
  check(key: string, nowMs = this.#now(), options: RateLimitOptions = {}): void {
    const { allowed, allowedAtMs } = this.tryAction(key, nowMs, options);
    if (allowed) return;
    throw limitExceeded(allowedAtMs === undefined ? undefined : allowedAtMs - nowMs);
  }

  tryAction(key: string, nowMs = this.#now(), options: RateLimitOptions = {}): RateLimitVerdict {
    const { perSecond, burstCount } = options.limit ?? this.#limit;
    const actions = options.actions ?? 1;
    const bucket = this.#buckets.get(key);
    let count = bucket?.count ?? 0;
    let emptyAtMs = bucket?.emptyAtMs ?? nowMs;
    let held = count - ((nowMs - emptyAtMs) * perSecond) / 1000;
    if (held < 0) {
      held = 0;
      count = 0;
      emptyAtMs = nowMs;
    }
    // Not `held + actions > burstCount`: the sum would round.
    const allowed = held <= burstCount - actions;
    if (allowed) {
      count += actions;
      if (options.counts ?? true) this.#store(key, { count, emptyAtMs, perSecond }, nowMs);
    }
    if (perSecond <= 0) return { allowed, allowedAtMs: undefined };
    const fitsAtMs = emptyAtMs + ((count - burstCount + 1) * 1000) / perSecond;
    return { allowed, allowedAtMs: Math.max(fitsAtMs, nowMs) };
  }

  /**
   * Counts actions that happened anyway, even beyond the limit: joins of other servers' users count
   * against a room's limit. A negative number gives back.
   */
  record(key: string, actions = 1, nowMs = this.#now()): void {
    const bucket = this.#buckets.get(key);
    this.#store(
      key,
      {
        count: (bucket?.count ?? 0) + actions,
        emptyAtMs: bucket?.emptyAtMs ?? nowMs,
        perSecond: bucket?.perSecond ?? this.#limit.perSecond,
      },
      nowMs,
    );
  }

  #store(key: string, bucket: Bucket, nowMs: number): void {
    if (isEmpty(bucket, nowMs)) {
      this.#buckets.delete(key);
      return;
    }
    this.#buckets.set(key, bucket);
    if (this.#buckets.size >= this.#sweepAtBuckets) this.#sweep(nowMs);
  }

  /** Runs when the number of buckets has doubled, so its cost per action is constant. */
  #sweep(nowMs: number): void {
    for (const [key, bucket] of this.#buckets) {
      if (isEmpty(bucket, nowMs)) this.#buckets.delete(key);
    }
    for (const key of this.#buckets.keys()) {
      if (this.#buckets.size <= this.#bucketsMax) break;
      this.#buckets.delete(key);
    }
    const doubled = Math.max(firstSweepAtBuckets, this.#buckets.size * 2);
    this.#sweepAtBuckets = Math.min(doubled, this.#bucketsMax + firstSweepAtBuckets);
  }
}

function isEmpty({ count, emptyAtMs, perSecond }: Bucket, nowMs: number): boolean {
  return count - ((nowMs - emptyAtMs) * perSecond) / 1000 <= 0;
}

/** What the requests of an endpoint are counted by: the requester, or the address they came from. */
export interface EndpointRateLimit {
  readonly limiter: RateLimiter;
  readonly keyedBy: 'user' | 'address';
}

/** By the name that an endpoint's `rateLimit` gives, e.g. `rc_message`. */
export type EndpointRateLimits = Readonly<Record<string, EndpointRateLimit>>;
