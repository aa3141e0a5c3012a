import type { IgnoredUsers } from './accounts/ignored-users.ts';
import type { Ephemeral } from './ephemeral/ephemeral.ts';
import { readReceiptsChanged } from './ephemeral/read-receipts.ts';
import { ReadingProjection } from './ephemeral/reading-projection.ts';
import { Typing } from './ephemeral/typing.ts';
import { isJoined } from './membership/membership-store.ts';
import { havePushRulesChanged, pushRulesOf } from './push/push-rules-of.ts';
import { openPushRules } from './push/push-rules.ts';
import type { PushRules } from './push/push-rules.ts';
import { readUnreadCounts } from './push/read-unread-counts.ts';
import { RuleSets } from './push/rule-sets.ts';
import { UnreadProjection } from './push/unread-projection.ts';
import type { Projection } from './rooms/projection.ts';
import type { Rooms } from './rooms/rooms.ts';
import type { Database } from './storage/database.ts';
import type { InternedNames } from './storage/names-store.ts';
import type { SyncSources } from './sync/sync-context.ts';

/** What people notice: receipts, typing, push rules and unread counts. */
export interface Notices {
  /** In the order in which rooms must have them. */
  readonly projections: readonly Projection[];
  readonly sources: Pick<SyncSources, 'receipts' | 'unread' | 'typing'>;
  /** Those account data with the user's push rules, which are kept elsewhere. */
  withPushRules(accountData: SyncSources['accountData']): SyncSources['accountData'];
  /** What the endpoints work with. `onTyping` is told of each room in which who is typing changes. */
  open(
    rooms: Rooms,
    onTyping: (roomNid: number) => void,
  ): { readonly ephemeral: Ephemeral; readonly pushRules: PushRules };
}

export function openNotices(
  database: Database,
  names: InternedNames,
  serverName: string,
  ignored: IgnoredUsers,
): Notices {
  const typing = new Typing();
  const reading = new ReadingProjection(serverName, (roomNid, userId) => {
    typing.stop(roomNid, userId);
  });
  const ruleSets = new RuleSets(database);
  const unread = new UnreadProjection(names, ruleSets, reading, serverName, undefined, (userId) =>
    ignored.ignoring(userId),
  );
  return {
    projections: [reading, unread],
    sources: {
      receipts: (reader, { userNid }, roomNid, above, upTo) =>
        readReceiptsChanged(reader, roomNid, above, upTo, userNid),
      unread: readUnreadCounts,
      typing,
    },
    withPushRules,
    open: (rooms, onTyping) => {
      typing.onChange(onTyping);
      return {
        ephemeral: { rooms, reading, typing, isJoined },
        pushRules: openPushRules(rooms, ruleSets, unread),
      };
    },
  };
}

function withPushRules(accountData: SyncSources['accountData']): SyncSources['accountData'] {
  return async (reader, viewer, above, upTo) => {
    const changes = await accountData(reader, viewer, above, upTo);
    const { userNid, userId } = viewer;
    if (above >= 0 && !(await havePushRulesChanged(reader, userNid, above, upTo))) return changes;
    const content = await pushRulesOf(reader, userNid, userId);
    return { ...changes, global: [...changes.global, { type: 'm.push_rules', content }] };
  };
}
