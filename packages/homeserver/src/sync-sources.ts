import type { JsonObject } from '@soma/protocol';

import { readAccountData, readAccountDataChanged } from './accounts/account-data-store.ts';
import type { AccountDataEntry } from './accounts/account-data-store.ts';
import type { Notices } from './open-notices.ts';
import type { AccountDataEvent, SyncSources } from './sync/sync-context.ts';

/** What `/sync` learns from the domains beside and below it. */
export function syncSources(
  { sources, withPushRules }: Notices,
  presence: SyncSources['presence'],
  encryption: SyncSources['encryption'],
): SyncSources {
  return { ...sources, presence, encryption, accountData: withPushRules(readAccountDataOf) };
}

const readAccountDataOf: SyncSources['accountData'] = async (reader, { userNid }, above, upTo) => {
  const found =
    above < 0
      ? await readAccountData(reader, userNid)
      : await readAccountDataChanged(reader, userNid, above, upTo);
  const rooms = [...found.rooms].map(
    ([roomNid, entries]) => [roomNid, entries.map(toEvent)] as const,
  );
  return { global: found.global.map(toEvent), rooms: new Map(rooms) };
};

function toEvent({ type, content }: AccountDataEntry): AccountDataEvent {
  const parsed: JsonObject = JSON.parse(content);
  return { type, content: parsed };
}
