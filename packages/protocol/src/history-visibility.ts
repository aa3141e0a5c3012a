import type { JsonObject } from './canonical-json.ts';

/**
 * The values of `m.room.history_visibility` (spec: Client-Server API, "Room History Visibility").
 *
 * @example
 * ```ts
 * HISTORY_VISIBILITIES; // => ['world_readable', 'shared', 'invited', 'joined']
 * ```
 */
export const HISTORY_VISIBILITIES = ['world_readable', 'shared', 'invited', 'joined'] as const;

/** See `HISTORY_VISIBILITIES`. */
export type HistoryVisibility = (typeof HISTORY_VISIBILITIES)[number];

/** A value at an event; both sides of it where the event itself changes the value. */
export type AtEvent<Value> = Value | { readonly before: Value; readonly after: Value };

/** What the decision depends on. */
export interface VisibilityQuestion {
  /** The room's history visibility at the event; both sides when the event is `m.room.history_visibility`. */
  readonly visibility: AtEvent<HistoryVisibility>;
  /** The user's membership at the event; both sides when the event is the user's own `m.room.member`. */
  readonly membership: AtEvent<string>;
  /** Whether the user joined the room at any point after the event. */
  readonly joinedLater: boolean;
}

/**
 * Reads a room's history visibility; `shared` when the room has none, or one that is not understood.
 *
 * @param content the content of `m.room.history_visibility`
 * @example
 * ```ts
 * historyVisibilityOf({ history_visibility: 'joined' }); // => 'joined'
 * historyVisibilityOf(undefined); // => 'shared'
 * ```
 */
export function historyVisibilityOf(content: JsonObject | undefined): HistoryVisibility {
  const value = content?.['history_visibility'];
  return HISTORY_VISIBILITIES.find((known) => known === value) ?? 'shared';
}

/**
 * Whether a user may see an event (spec: Client-Server API, "Room History Visibility", "Server behaviour"), by the
 * state of the room at that event. An event that changes the visibility, and the user's own membership event, are seen
 * by who may see either side of the change.
 *
 * @example
 * ```ts
 * maySeeEvent({ visibility: 'invited', membership: 'invite', joinedLater: false }); // => true
 * maySeeEvent({ visibility: 'joined', membership: 'invite', joinedLater: true }); // => false
 * // The user's own join, under `joined`: seen for what it makes of the membership.
 * const membership = { before: 'invite', after: 'join' };
 * maySeeEvent({ visibility: 'joined', membership, joinedLater: false }); // => true
 * ```
 */
export function maySeeEvent({ visibility, membership, joinedLater }: VisibilityQuestion): boolean {
  return sides(visibility).some((visibilityThen) =>
    sides(membership).some((membershipThen) =>
      isAllowed(visibilityThen, membershipThen, joinedLater),
    ),
  );
}

function isAllowed(
  visibility: HistoryVisibility,
  membership: string,
  joinedLater: boolean,
): boolean {
  if (visibility === 'world_readable') return true;
  if (membership === 'join') return true;
  if (visibility === 'shared' && joinedLater) return true;
  return visibility === 'invited' && membership === 'invite';
}

function sides<Value extends string>(value: AtEvent<Value>): readonly Value[] {
  return typeof value === 'string' ? [value] : [value.before, value.after];
}
