import type { Reader } from '../storage/sql.ts';
import type { EventRow } from './event-store.ts';
import type { ImportedState, ProjectImport } from './imported-state.ts';
import type { RoomHead } from './room-head.ts';
import type { ProjectionOutput, RoomProjection } from './room-projection.ts';

/**
 * Rows that follow from events and are written in the same change (DATA-MODEL, Projections and consumers).
 * The room code knows projections only as a list handed in at composition.
 */
export interface Projection {
  /** Reads what it keeps in memory of one room, uncommitted events included from then on. */
  open(reader: Reader, head: RoomHead): Promise<RoomProjection>;
  /**
   * For a room whose state comes as a whole, in place of what {@link RoomProjection.project} does: it is opened anew after
   * that. May write many rows before, in changes of its own, where nobody sees them yet.
   */
  import?(imported: ImportedState): Promise<ProjectImport>;
  /**
   * Undoes what an event brought, state apart, that was accepted while the room was known in part and should not have been.
   */
  withdraw?(event: EventRow, output: ProjectionOutput): void;
}
