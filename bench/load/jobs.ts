import type { LatencySummary } from './latencies.ts';

/** A user and the rooms it sends into, in turn. */
export interface Sender {
  readonly token: string;
  readonly roomIds: readonly string[];
}

/** Sends messages as fast as the workers can, each over its own connection. */
export interface SendJob {
  readonly kind: 'send';
  readonly port: number;
  readonly serverPid: number;
  /** Worker n is sender n modulo their number. */
  readonly workers: number;
  readonly senders: readonly Sender[];
  /** Time before the measurement in which sends are made and not counted. */
  readonly warmupMs: number;
  readonly timeMaxMs: number;
  readonly sendsMax: number;
  /** The contents to send, in turn, as JSON; without them each message is the same. */
  readonly contents?: readonly string[];
  /** Tokens of users that follow `/sync` meanwhile. */
  readonly followers: readonly string[];
}

export interface SendResult {
  readonly sends: number;
  readonly ratePerSecond: number;
  readonly latency: LatencySummary;
  /** CPU time of the server, all its threads, per send; NaN where the system does not tell. */
  readonly serverCpuUsPerSend: number;
  /** What the server made the disk write, per send; NaN where the system does not tell. */
  readonly serverWrittenBytesPerSend: number;
  /** CPU time of the load generator in percent of one core. */
  readonly loadCpuPercent: number;
}

/** One message at a time, and how long until all that wait in `/sync` have it. */
export interface WakeUpJob {
  readonly kind: 'wake-up';
  readonly port: number;
  readonly sender: { readonly token: string; readonly roomId: string };
  readonly waiters: readonly string[];
  readonly warmups: number;
  readonly messages: number;
  /** Pause before each message, in which the waiting requests reach the server. */
  readonly settleMs: number;
  readonly timeMaxMs: number;
}

export interface WakeUpResult {
  readonly messages: number;
  /** From the send's complete answer to the waiter's; negative where the waiter was first. */
  readonly afterAnswer: LatencySummary;
  /** From the writing of the send's request to the waiter's complete answer. */
  readonly afterRequest: LatencySummary;
}

/** One request again and again, by each user over a connection of its own, all at once. */
export interface FetchJob {
  readonly kind: 'fetch';
  readonly port: number;
  readonly path: string;
  /** JSON to POST; without it the request is a GET. */
  readonly body?: string;
  readonly tokens: readonly string[];
  readonly times: number;
}

export interface FetchResult {
  /** Of all users. */
  readonly timesMs: readonly number[];
  /** From the first request to the last answer. */
  readonly wholeMs: number;
  /** Of one answer. */
  readonly bytes: number;
}

/** Clients that join rooms, each its own list, all at once. */
export interface JoinJob {
  readonly kind: 'join';
  readonly port: number;
  readonly clients: readonly Sender[];
}

export interface JoinResult {
  readonly ratePerSecond: number;
  readonly latency: LatencySummary;
}

export type Job = SendJob | WakeUpJob | FetchJob | JoinJob;

/** What a generator answers: the job's result, or why it failed. */
export type JobOutcome<Result> = { readonly result: Result } | { readonly failure: string };
