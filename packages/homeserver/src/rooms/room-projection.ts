import type { Touch } from '../storage/change.ts';
import type { PositionRef, SqlParam, Statement } from '../storage/sql.ts';
import type { EventRow } from './event-store.ts';
import type { HeadEntry } from './head-entry.ts';
import type { PreparedEvent } from './prepared-event.ts';
import type { StateChange } from './state-change.ts';

/** Where a projection puts what belongs to the same change as its event. */
export interface ProjectionOutput {
  readonly statements: Statement[];
  readonly touches: Touch[];
}

/** An accepted event at its place in the room. */
export interface ProjectedEvent {
  readonly event: PreparedEvent;
  /** Its order, known when the change is applied. */
  readonly order: PositionRef;
  /**
   * What it changes of the current state: its own entry, as a rule; none, or those of others, where it stands beside the
   * room's end.
   */
  readonly stateChanges: readonly StateChange[];
  /** The event that this one redacts, where it may. */
  readonly redacts: EventRow | undefined;
  /** Whether a redaction of it came before it, so that its content is what that has left. */
  readonly isRedacted: boolean;
  /** The entry of current state that it redacts, with the content that is left. */
  readonly redactedState: HeadEntry | undefined;
}

/** An accepted event of the past, which other servers have had before: it is no news, and changes no current state. */
export interface PastEvent extends Pick<ProjectedEvent, 'event' | 'redacts'> {
  readonly order: SqlParam;
}

/** One projection's view of one room; lives and falls with the room's head. */
export interface RoomProjection {
  /** Loads what {@link project} will need of this event; undefined when it is in memory. */
  prepare(event: PreparedEvent, stateChanges: readonly StateChange[]): Promise<void> | undefined;
  /** Adds the event's rows, and undoes those of the event that it redacts. */
  project(projected: ProjectedEvent, output: ProjectionOutput): void;
  /** The same for an event of the past; absent where such an event adds nothing. */
  projectPast?(past: PastEvent, output: ProjectionOutput): void;
}
