import { isJsonObject, parseServerName } from '@soma/protocol';
import type { ServerName } from '@soma/protocol';

import type { OutboundClient } from '../../outbound/outbound-client.ts';
import { OutboundError } from '../../outbound/outbound-error.ts';
import { boundedCache } from '../../storage/bounded-cache.ts';
import { serversRememberedMax } from '../limits.ts';

export interface WellKnownOptions {
  /** The one that reaches other homeservers. */
  readonly http: Pick<OutboundClient, 'request'>;
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Spec: "The recommended sensible default is 24 hours", "48 hours is recommended", "up to an hour". */
const defaultPeriodMs = 24 * hourMs;
const periodMsMax = 48 * hourMs;
const periodMsMin = 5 * minuteMs;
const errorPeriodMsMin = 2 * minuteMs;
const errorPeriodMsMax = hourMs;
const jitter = 0.1;

const bytesMax = 50 * 1024;
const requestMs = 20_000;

interface Entry {
  readonly delegate: ServerName | undefined;
  /** When the delegate was read; of no meaning without one. */
  readonly readAtMs: number;
  readonly expiresAtMs: number;
  readonly failures: number;
}

/** Where servers delegate to by `/.well-known/matrix/server`, remembered as long as they say. */
export class WellKnown {
  readonly #options: WellKnownOptions;
  readonly #entries = boundedCache<string, Entry>(serversRememberedMax);
  readonly #running = new Map<string, Promise<Entry>>();

  constructor(options: WellKnownOptions) {
    this.#options = options;
  }

  /** The server name that `hostname` delegates to; undefined where there is no valid file. Never rejects. */
  async delegateOf(hostname: string): Promise<ServerName | undefined> {
    const known = this.#entries.get(hostname);
    if (known !== undefined && known.expiresAtMs > this.#options.now()) return known.delegate;
    let running = this.#running.get(hostname);
    if (running === undefined) {
      running = this.#read(hostname, known).finally(() => this.#running.delete(hostname));
      this.#running.set(hostname, running);
    }
    return (await running).delegate;
  }

  async #read(hostname: string, known: Entry | undefined): Promise<Entry> {
    const readAtMs = this.#options.now();
    let entry: Entry;
    try {
      const { delegate, periodMs } = await this.#fetch(hostname);
      entry = { delegate, readAtMs, expiresAtMs: readAtMs + periodMs, failures: 0 };
    } catch (error) {
      entry = this.#afterFailure(known, isPassing(error));
    }
    this.#entries.set(hostname, entry);
    return entry;
  }

  #afterFailure(known: Entry | undefined, passing: boolean): Entry {
    const nowMs = this.#options.now();
    const failures = (known?.failures ?? 0) + 1;
    const periodMs = this.#jittered(errorPeriodMsMin * 2 ** (failures - 1));
    const expiresAtMs = nowMs + Math.min(periodMs, errorPeriodMsMax);
    // A server that is away for a while has not stopped to delegate.
    const isKept = passing && known !== undefined && known.readAtMs + periodMsMax > nowMs;
    const delegate = isKept ? known.delegate : undefined;
    return { delegate, readAtMs: known?.readAtMs ?? 0, expiresAtMs, failures };
  }

  async #fetch(hostname: string): Promise<{ delegate: ServerName; periodMs: number }> {
    const answer = await this.#options.http.request({
      url: `https://${hostname}/.well-known/matrix/server`,
      headers: { accept: 'application/json' },
      httpsOnly: true,
      limits: { totalMs: requestMs, bodyBytesMax: bytesMax },
    });
    const bytes = await answer.body.bytes();
    if (answer.status !== 200) throw new InvalidFile(answer.status >= 500);
    const delegate = delegateIn(bytes);
    const periodMs = periodOf(answer.header.bind(answer), this.#options.now());
    return { delegate, periodMs: periodMs ?? this.#jittered(defaultPeriodMs) };
  }

  /** Servers that were asked at one moment are not all asked again at one. */
  #jittered(periodMs: number): number {
    return Math.round(periodMs * (1 - jitter + 2 * jitter * this.#options.random()));
  }
}

class InvalidFile extends Error {
  readonly isPassing: boolean;

  constructor(passing: boolean) {
    super('no valid /.well-known/matrix/server');
    this.isPassing = passing;
  }
}

function isPassing(error: unknown): boolean {
  if (error instanceof InvalidFile) return error.isPassing;
  return error instanceof OutboundError;
}

function delegateIn(bytes: Buffer): ServerName {
  let content: unknown;
  try {
    content = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new InvalidFile(false);
  }
  const delegate = isJsonObject(content) ? parseServerName(content['m.server']) : undefined;
  if (delegate === undefined) throw new InvalidFile(false);
  return delegate;
}

/** How long the answer says that it holds, within bounds; undefined where it says nothing. */
function periodOf(header: (name: string) => string | undefined, nowMs: number): number | undefined {
  const cacheControl = header('cache-control') ?? '';
  if (/\bno-store\b/i.test(cacheControl)) return 0;
  // Who wants to be asked each time is asked as often as anybody is.
  if (/\bno-cache\b/i.test(cacheControl)) return periodMsMin;
  const maxAge = /\bmax-age\s*=\s*"?([0-9]{1,12})/i.exec(cacheControl)?.[1];
  const expires = header('expires');
  if (maxAge === undefined && expires === undefined) return undefined;
  const statedMs = maxAge === undefined ? Date.parse(expires ?? '') - nowMs : Number(maxAge) * 1000;
  // A date that is none means the past (RFC 9111, 5.3).
  return Math.min(Math.max(Number.isNaN(statedMs) ? 0 : statedMs, periodMsMin), periodMsMax);
}
