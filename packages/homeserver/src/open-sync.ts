import type { Config } from './config/config.ts';
import { readJoinedRooms } from './membership/membership-store.ts';
import type { Rooms } from './rooms/rooms.ts';
import { ChangeKind } from './storage/change.ts';
import type { Committed } from './storage/database.ts';
import type { Reader } from './storage/sql.ts';
import { Notifier } from './streams/notifier.ts';
import { RecentChanges } from './streams/recent-changes.ts';
import { WaitingLine } from './streams/turns.ts';
import { LazyMembers } from './sync/lazy-members.ts';
import { SharedReads } from './sync/shared-reads.ts';
import type { SyncContext, SyncSources } from './sync/sync-context.ts';
import { UserRooms } from './sync/user-rooms.ts';
import type { Logger } from './telemetry/logger.ts';

/** Two, so that a small one need not wait for a large one to end. */
const LONG_ANSWERS_AT_ONCE = 2;

/** Opens `/sync`: it follows every commit from now on. */
export function openSync(
  rooms: Rooms,
  sources: SyncSources,
  config: Config,
  logger: Logger,
): SyncContext {
  const { database } = rooms;
  const recent = new RecentChanges(database.position);
  const notifier = new Notifier();
  const userRooms = new UserRooms(recent, notifier);
  database.onCommit((committed) => {
    recent.append(committed);
    userRooms.onCommit(committed);
    notifier.onCommit(committed);
    wakeBeside(committed, database.reader, notifier, logger);
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
    excludedRooms: new Set(config.sync.excludedRooms),
  };
}

/** Wakes the long polls of those who share a room with users whose devices changed. */
function wakeBeside(
  committed: readonly Committed[],
  reader: Reader,
  notifier: Notifier,
  logger: Logger,
): void {
  const touches = committed.flatMap(({ change }) => change.touches ?? []);
  for (const { kind, subject } of touches) {
    if (kind !== ChangeKind.deviceList) continue;
    readJoinedRooms(reader, subject).then(
      (roomNids) => {
        for (const roomNid of roomNids) notifier.wakeRoom(roomNid);
      },
      (error: unknown) =>
        logger.error({ err: error }, 'a change of devices was not told to those who wait for it'),
    );
  }
}
