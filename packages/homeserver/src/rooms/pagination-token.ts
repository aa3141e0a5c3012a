import { invalidParam } from '../errors/matrix-error.ts';

/**
 * A place in a room's history (DATA-MODEL, The room graph): between the event at (depth, order) and the one
 * before it. History is sorted by (depth, order).
 */
export interface HistoryPlace {
  readonly depth: number;
  readonly order: number;
}

/** `t<depth>_<order>`; the order of what was filled in from other servers is negative. */
export function formatHistoryToken({ depth, order }: HistoryPlace): string {
  return `t${depth}_${order}`;
}

/** The place in every room's history just after a position of the log. */
export function formatPositionToken(incarnation: string, position: number): string {
  return `s1_${incarnation}_${position}`;
}

/** What a client may page from: a place in history, or a position that `/sync` gave. */
export type PaginationPlace =
  | { readonly kind: 'history'; readonly place: HistoryPlace }
  | { readonly kind: 'live'; readonly position: number };

const HISTORY = /^t(\d{1,16})_(-?\d{1,16})$/;
const LIVE = /^s1_[0-9a-f]+_(\d{1,16})(?:_|$)/;

/** Reads a token of either form. Throws `400 M_INVALID_PARAM`. */
export function parsePaginationToken(name: string, token: string): PaginationPlace {
  const history = HISTORY.exec(token);
  if (history !== null) {
    return {
      kind: 'history',
      place: { depth: Number(history[1]), order: Number(history[2]) },
    };
  }
  const live = LIVE.exec(token);
  if (live !== null) return { kind: 'live', position: Number(live[1]) };
  throw invalidParam(`${name} is not a token of this server`);
}
