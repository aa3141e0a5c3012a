import type { ViewedEvent } from '../rooms/view-events.ts';
import type { Candidate } from './search-store.ts';

/** An event that was found. */
export interface Found {
  readonly candidate: Candidate;
  readonly viewed: ViewedEvent;
}
