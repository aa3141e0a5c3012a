import type { JsonObject } from '@soma/protocol';

import { readAccountData, readAccountDataChanged } from './accounts/account-data-store.ts';
import type { AccountDataEntry } from './accounts/account-data-store.ts';
import { readReceiptsChanged } from './ephemeral/read-receipts.ts';
import type { Typing } from './ephemeral/typing.ts';
import { havePushRulesChanged, pushRulesOf } from './push/push-rules-of.ts';
import { readUnreadCounts } from './push/read-unread-counts.ts';
import type { Viewer } from './rooms/viewer.ts';
import type { Reader } from './storage/sql.ts';
import type { AccountDataChanges, AccountDataEvent, SyncSources } from './sync/sync-context.ts';

/** What `/sync` learns from the domains beside and below it. */
export function syncSources(typing: Typing): SyncSources {
  return {
    accountData: readAccountDataOf,
    receipts: (reader, { userNid }, roomNid, above, upTo) =>
      readReceiptsChanged(reader, roomNid, above, upTo, userNid),
    unread: readUnreadCounts,
    typing,
  };
}

/** Account data, with the push rules as the entry `m.push_rules` (CS API, "Push Rules: Events"). */
async function readAccountDataOf(
  reader: Reader,
  { userNid, userId }: Viewer,
  above: number,
  upTo: number,
): Promise<AccountDataChanges> {
  const isInitial = above < 0;
  const found = isInitial
    ? await readAccountData(reader, userNid)
    : await readAccountDataChanged(reader, userNid, above, upTo);
  const global = found.global.map(toEvent);
  if (isInitial || (await havePushRulesChanged(reader, userNid, above, upTo))) {
    const content = await pushRulesOf(reader, userNid, userId);
    global.push({ type: 'm.push_rules', content });
  }
  const rooms = [...found.rooms].map(
    ([roomNid, entries]) => [roomNid, entries.map(toEvent)] as const,
  );
  return { global, rooms: new Map(rooms) };
}

function toEvent({ type, content }: AccountDataEntry): AccountDataEvent {
  const parsed: JsonObject = JSON.parse(content);
  return { type, content: parsed };
}
