import { randomBytes } from 'node:crypto';

import { invalidParam } from '../errors/matrix-error.ts';

/** Names this run of the process: what lives in memory only is sent again to a token of another run. */
export const PROCESS_INCARNATION = randomBytes(4).toString('hex');

/** What a client's `since` says (DATA-MODEL, "A sync token"). */
export interface SyncToken {
  /** The position up to which the client has seen everything durable. */
  readonly position: number;
  /** The typing counter that it has seen; undefined when it comes from another run of the process. */
  readonly typing: number | undefined;
  /** The same of presence. */
  readonly presence: number | undefined;
  /** The position up to which the device has the messages to it: less where they were too many for one answer. */
  readonly toDevice: number;
}

/** What lives in memory has a counter of its own, which grows with every change. */
export interface MemoryCounters {
  readonly typing: number;
  readonly presence: number;
}

/**
 * `s1_<database incarnation>_<position>_<process incarnation>_<counter of typing>_<of presence>`, and `_<position>` of
 * the messages to the device where it lags.
 */
export function formatSyncToken(
  incarnation: string,
  position: number,
  { typing, presence }: MemoryCounters,
  toDevice = position,
): string {
  const lag = toDevice === position ? '' : `_${toDevice}`;
  return `s1_${incarnation}_${position}_${PROCESS_INCARNATION}_${typing}_${presence}${lag}`;
}

const TOKEN = /^s1_([0-9a-f]+)_(\d{1,16})_([0-9a-f]+)_(\d{1,16})(?:_(\d{1,16})(?:_(\d{1,16}))?)?$/;

/**
 * Reads a token; undefined for one of another database, e.g. from before a backup was restored, which gets an
 * initial sync. Throws `400 M_INVALID_PARAM` for what no server of ours has made.
 */
export function parseSyncToken(
  name: string,
  incarnation: string,
  text: string,
): SyncToken | undefined {
  const found = TOKEN.exec(text);
  if (found === null) throw invalidParam(`${name} is not a token of this server`);
  const [, database, position, process, typing, presence, toDevice] = found;
  if (database !== incarnation) return undefined;
  const isOurs = process === PROCESS_INCARNATION;
  return {
    position: Number(position),
    typing: isOurs ? Number(typing) : undefined,
    presence: isOurs && presence !== undefined ? Number(presence) : undefined,
    toDevice: Number(toDevice ?? position),
  };
}
