import type { JsonObject } from '@soma/protocol';

import type { Reader, SqlParam, Statement } from '../storage/sql.ts';
import type { HeadEntry } from './head-entry.ts';
import type { ProjectionOutput } from './room-projection.ts';

/**
 * A room whose state comes as a whole: with the join of a user of this server as its newest event, or in place of what was
 * known of it in part.
 */
export interface ImportedState {
  readonly roomNid: number;
  /** The snapshot of the state, before the join where there is one. */
  readonly snapshotNid: number;
  /** Who joins. */
  readonly joined: ImportedMember | undefined;
  /** All members, after the join. */
  readonly members: readonly ImportedMember[];
  /** State, after the join. */
  get(type: string, stateKey: string): Pick<HeadEntry, 'event'> | undefined;
  /** Writes rows that nobody sees yet. */
  stage(statements: readonly Statement[]): Promise<void>;
}

export interface ImportedMember {
  readonly userId: string;
  readonly userNid: number;
  readonly eventNid: number;
  readonly sender: string;
  readonly content: JsonObject;
}

/**
 * Adds rows to the change that makes the imported state the current one, at its position. Runs in the room's queue,
 * so that what it reads of the room stays so.
 */
export type ProjectImport = (
  position: SqlParam,
  output: ProjectionOutput,
  reader: Reader,
) => void | Promise<void>;
