import type { AuthEvidence } from '../auth-rules/types.ts';
import type { RoomVersion } from '../room-versions/types.ts';
import type { PartialState } from './iterative-auth-checks.ts';
import type { LoadedEvents } from './loaded-events.ts';
import type { Steps } from './steps.ts';
import type { AuthReach, PartitionedState } from './types.ts';

/** What an algorithm works with, besides the states. */
export interface ResolutionContext {
  readonly version: RoomVersion;
  readonly createNid: number | undefined;
  readonly authChains: AuthReach | undefined;
  readonly loaded: LoadedEvents;
  readonly evidence: AuthEvidence;
  readonly sha1: (text: string) => string;
}

/** Resolves what is in conflict. Events under keys without conflict may be in what it answers; they do not count. */
export type Algorithm = (
  partitioned: PartitionedState,
  context: ResolutionContext,
) => Steps<PartialState>;
