import { setTimeout as sleep } from 'node:timers/promises';

import { limitExceeded } from '../errors/matrix-error.ts';

/** As Synapse's `rc_federation`. */
export interface ServerRates {
  readonly windowMs: number;
  /** More requests in a window than these are delayed, each by `sleepMs`. */
  readonly sleepLimit: number;
  readonly sleepMs: number;
  /** More requests than these do not wait: they are refused. */
  readonly rejectLimit: number;
  /** So many are worked on at once. */
  readonly concurrent: number;
}

interface Server {
  /** When its requests of the last window came. */
  times: number[];
  running: number;
  sleeping: number;
  /** What lets each of those go on that wait for their turn. */
  readonly waiting: (() => void)[];
}

/** Ends a request's turn; may be called more than once. */
export type EndTurn = () => void;

/** How many requests each other server may make, with the arithmetic of Synapse. */
export class ServerRateLimiter {
  readonly #rates: ServerRates;
  readonly #now: () => number;
  readonly #servers = new Map<string, Server>();

  constructor(rates: ServerRates, now: () => number = Date.now) {
    this.#rates = rates;
    this.#now = now;
  }

  /** The servers that are remembered at the moment. */
  get size(): number {
    return this.#servers.size;
  }

  /** Waits for the turn of a request. Throws `429 M_LIMIT_EXCEEDED` where too many wait already. */
  async enter(serverName: string): Promise<EndTurn> {
    const { windowMs, sleepLimit, sleepMs, rejectLimit, concurrent } = this.#rates;
    const server = this.#server(serverName);
    const nowMs = this.#now();
    server.times = server.times.filter((time) => nowMs - time < windowMs);
    if (server.waiting.length + server.sleeping > rejectLimit) {
      throw limitExceeded(Math.ceil(windowMs / Math.max(1, sleepLimit)));
    }
    server.times.push(nowMs);
    if (server.times.length > sleepLimit) {
      server.sleeping += 1;
      await sleep(sleepMs);
      server.sleeping -= 1;
    }
    // Who ends hands the turn over, so that nobody comes in between.
    if (server.running < concurrent) server.running += 1;
    else await new Promise<void>((resolve) => server.waiting.push(resolve));
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      const next = server.waiting.shift();
      if (next !== undefined) next();
      else this.#end(serverName, server);
    };
  }

  #server(serverName: string): Server {
    const known = this.#servers.get(serverName);
    if (known !== undefined) return known;
    const server: Server = { times: [], running: 0, sleeping: 0, waiting: [] };
    this.#servers.set(serverName, server);
    return server;
  }

  /** A server that makes no request is remembered for the rest of its window. */
  #end(serverName: string, server: Server): void {
    server.running -= 1;
    if (server.running + server.sleeping > 0) return;
    const last = server.times.at(-1);
    setTimeout(() => {
      const isIdle = server.running + server.sleeping === 0 && server.times.at(-1) === last;
      if (isIdle) this.#servers.delete(serverName);
    }, this.#rates.windowMs).unref();
  }
}
