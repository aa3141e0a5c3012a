import type { SyncContext } from '../sync-context.ts';
import { Connections } from './connection.ts';
import { RoomLists } from './room-list.ts';
import { SpaceChildren } from './space-children.ts';
import { UserMarks } from './user-marks.ts';

/** What simplified sliding sync works with; one per process. */
export interface SlidingContext {
  readonly sync: SyncContext;
  readonly lists: RoomLists;
  readonly marks: UserMarks;
  readonly spaces: SpaceChildren;
  readonly connections: Connections;
}

export function openSlidingContext(sync: SyncContext): SlidingContext {
  return {
    sync,
    lists: new RoomLists(sync.recent),
    marks: new UserMarks(sync),
    spaces: new SpaceChildren(sync),
    connections: new Connections(),
  };
}
