import type { EventToAuthorise } from '../../src/auth-rules/types.ts';
import type { RoomVersion } from '../../src/room-versions/types.ts';

/** An event of a test room. References are event IDs in every room version. */
export interface RoomEvent extends EventToAuthorise {
  readonly prev_events: readonly string[];
  readonly auth_events: readonly string[];
  readonly depth: number;
  readonly origin_server_ts: number;
}

/** A set of state: event IDs by `placeOf`. */
export type RoomState = ReadonlyMap<string, string>;

/** A room in whose events a resolution may look. */
export interface NaiveRoom {
  readonly version: RoomVersion;
  readonly events: ReadonlyMap<string, RoomEvent>;
  readonly createId: string | undefined;
}

/** The type and state key of a state event as one text. */
export function placeOf({ type, state_key: stateKey = '' }: Pick<RoomEvent, 'type' | 'state_key'>) {
  return placeAt(type, stateKey);
}

/** A type and state key as one text. */
export function placeAt(type: string, stateKey: string): string {
  return `${type}|${stateKey}`;
}
