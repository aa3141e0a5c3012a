import type { Rooms } from '../rooms/rooms.ts';
import type { RuleSets } from './rule-sets.ts';
import type { UnreadProjection } from './unread-projection.ts';

/** What the domain of push rules works with; one per process, made at composition. */
export interface PushRules {
  readonly rooms: Rooms;
  readonly ruleSets: RuleSets;
  readonly unread: UnreadProjection;
  /** Changes of rules that are under way, by user: each builds on the one before. */
  readonly queues: Map<number, Promise<unknown>>;
}

export function openPushRules(
  rooms: Rooms,
  ruleSets: RuleSets,
  unread: UnreadProjection,
): PushRules {
  return { rooms, ruleSets, unread, queues: new Map() };
}
