import type { Statement } from './sql.ts';

/** What a row of the `changes` log names, so that every cache knows what it no longer knows. */
export const ChangeKind = {
  /** subject: room nid. Anything about a room: events, state, receipts, typing stays out (it is not durable). */
  room: 1,
  /** subject: user nid. The account itself: locked, admin, password, deactivated. */
  account: 2,
  /** subject: token nid. An access token made or revoked. */
  token: 3,
  /** subject: user nid. Account data, tags, push rules, filters, profile: what only syncs of that user read. */
  userData: 4,
  /** subject: user nid. A user's membership in some room changed. */
  membership: 5,
  /** subject: room nid. A receipt in the room. */
  receipt: 6,
  /** subject: user nid. Whom a user ignores; comes beside {@link userData}. */
  ignoredUsers: 20,
  /** subject: device nid. A message to the device. */
  toDevice: 70,
  /** subject: user nid. Devices or cross-signing keys of the user, which concern all who share a room. */
  deviceList: 71,
  /** subject: user nid. A pusher of the user was made or changed. */
  pusher: 100,
} as const;
export type ChangeKind = (typeof ChangeKind)[keyof typeof ChangeKind];

/** One row of the `changes` log. */
export interface Touch {
  readonly kind: ChangeKind;
  readonly subject: number;
}

/** A condition read by the writer just before the change is applied, under its lock. */
export interface Guard {
  readonly check: Statement;
  /** `exists`: the query must give a row. `absent`: it must give none. */
  readonly expect: 'exists' | 'absent';
  /** Handed back in {@link Refused}, so that the caller knows which condition failed. */
  readonly name: string;
  /** Says that no other change under way can decide it: it may be read once before the whole commit. */
  readonly isIndependent?: boolean;
}

/**
 * A write as a value (DATA-MODEL, "A write is a value"): applied wholly or not at all, many to a commit.
 */
export interface Change {
  readonly statements: readonly Statement[];
  /** Statements whose rows are wanted back, by index in `statements`. */
  readonly returning?: readonly number[];
  readonly guards?: readonly Guard[];
  /** How many positions of the clock it takes; 0 for what no reader follows. */
  readonly positions: number;
  /** Rows of the `changes` log, all at the first position; needs `positions` ≥ 1. */
  readonly touches?: readonly Touch[];
  /** The serial of the change whose effects this one assumes; it falls with that one. */
  readonly buildsOn?: number | undefined;
}

export interface Applied {
  readonly outcome: 'applied';
  /** The first position of the change; 0 when it takes none. */
  readonly position: number;
  /** Rows of the statements named in `returning`, in that order. */
  readonly rows: readonly (readonly Record<string, unknown>[])[];
}

export interface Refused {
  readonly outcome: 'refused';
  /** The name of the guard that failed, or `predecessor` when the change it builds on fell. */
  readonly guard: string;
}

export type Outcome = Applied | Refused;

/** The name of a predecessor's fall in {@link Refused.guard}. */
export const PREDECESSOR = 'predecessor';

/** A change under way. `done` settles after the commit that holds it, and rejects on an unexpected error. */
export interface Submitted {
  readonly serial: number;
  readonly done: Promise<Outcome>;
}
