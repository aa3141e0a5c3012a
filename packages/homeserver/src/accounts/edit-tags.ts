import { exceedsBytes, isJsonObject } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { badJson, invalidParam } from '../errors/matrix-error.ts';
import { ChangeKind } from '../storage/change.ts';
import { entryStands, putAccountDataStatement } from './account-data-store.ts';
import type { Accounts } from './accounts.ts';
import { findAccountData } from './find-account-data.ts';
import { tagBytesMax } from './limits.ts';
import { checkRoomId } from './set-account-data.ts';

const TAG = 'm.tag';

/** The tags of a room by name, the content of `m.tag` (Client-server API, "Room tagging"). */
export async function findTags(
  accounts: Accounts,
  userNid: number,
  roomId: string,
): Promise<JsonObject> {
  return tagsIn(await findAccountData(accounts, userNid, roomId, TAG));
}

/** Tags a room, or takes the tag away where `content` is undefined. Throws the refusals of the spec. */
export async function editTag(
  accounts: Accounts,
  userNid: number,
  roomId: string,
  tag: string,
  content: JsonObject | undefined,
): Promise<void> {
  if (exceedsBytes(tag, tagBytesMax)) {
    throw invalidParam(`A tag has at most ${tagBytesMax} bytes`);
  }
  const order = content?.['order'];
  if (order !== undefined && !(typeof order === 'number' && order >= 0 && order <= 1)) {
    throw badJson('order must be a number from 0 to 1');
  }
  const roomNid = await accounts.names.rooms.intern(checkRoomId(roomId));
  for (;;) {
    const before = await findAccountData(accounts, userNid, roomId, TAG);
    const tags = new Map(Object.entries(tagsIn(before)));
    if (content !== undefined) tags.set(tag, content);
    else if (!tags.delete(tag)) return;
    const json = JSON.stringify({ tags: Object.fromEntries(tags) });
    const { outcome } = await accounts.database.submit({
      // Another client of the user may edit them at the same time.
      guards: [entryStands(userNid, roomNid, TAG, before)],
      statements: [putAccountDataStatement(userNid, roomNid, { type: TAG, content: json })],
      positions: 1,
      touches: [{ kind: ChangeKind.userData, subject: userNid }],
    }).done;
    if (outcome === 'applied') return;
  }
}

function tagsIn(json: string | undefined): JsonObject {
  const content: unknown = json === undefined ? {} : JSON.parse(json);
  const tags = isJsonObject(content) ? content['tags'] : undefined;
  return isJsonObject(tags) ? tags : {};
}
