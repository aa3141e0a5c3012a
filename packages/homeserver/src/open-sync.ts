import type { Config } from './config/config.ts';
import type { Rooms } from './rooms/rooms.ts';
import { Notifier } from './streams/notifier.ts';
import { RecentChanges } from './streams/recent-changes.ts';
import { LazyMembers } from './sync/lazy-members.ts';
import { SharedReads } from './sync/shared-reads.ts';
import type { SyncContext, SyncSources } from './sync/sync-context.ts';
import { WaitingLine } from './sync/turns.ts';
import { UserRooms } from './sync/user-rooms.ts';

/** Two, so that a small one need not wait for a large one to end. */
const LONG_ANSWERS_AT_ONCE = 2;

/** Opens `/sync`: it follows every commit from now on. */
export function openSync(rooms: Rooms, sources: SyncSources, config: Config): SyncContext {
  const { database } = rooms;
  const recent = new RecentChanges(database.position);
  const notifier = new Notifier();
  const userRooms = new UserRooms(recent, notifier);
  database.onCommit((committed) => {
    recent.append(committed);
    userRooms.onCommit(committed);
    notifier.onCommit(committed);
  });
  return {
    rooms,
    sources,
    recent,
    notifier,
    userRooms,
    lazyMembers: new LazyMembers(),
    shared: new SharedReads(),
    longAnswers: new WaitingLine(LONG_ANSWERS_AT_ONCE),
    timelineLimitMax: config.sync.filterTimelineLimit,
  };
}
