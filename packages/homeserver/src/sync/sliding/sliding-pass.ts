import type { Viewer } from '../../rooms/viewer.ts';
import type { Reader } from '../../storage/sql.ts';
import type { Known } from './connection.ts';
import type { RoomList } from './room-list.ts';
import type { SlidingContext } from './sliding-context.ts';

/** One answer in the making. */
export interface SlidingPass {
  readonly context: SlidingContext;
  readonly reader: Reader;
  readonly viewer: Viewer;
  /** The position that is read. */
  readonly upTo: number;
  readonly list: RoomList;
  readonly known: Known;
}
