import type { HeadEntry } from './head-entry.ts';

/** One difference of a room's current state, whatever caused it. */
export interface StateChange {
  readonly type: string;
  readonly stateKey: string;
  readonly typeNid: number;
  readonly stateKeyNid: number;
  /** Undefined where there was no such entry. */
  readonly before: HeadEntry | undefined;
  /** Undefined where there is none any more. */
  readonly after: HeadEntry | undefined;
}

export const NO_STATE_CHANGES: readonly StateChange[] = [];
