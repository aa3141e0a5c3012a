import { Type } from 'typebox';
import type { Static } from 'typebox';

import type { JsonObject, UserId } from '@soma/protocol';

import { deviceListChangedStatement } from '../../e2ee/device-list-store.ts';
import { ChangeKind } from '../../storage/change.ts';
import { write } from '../../storage/database.ts';
import { markChanged } from '../remote-users/mark-changed.ts';
import { parseCrossSigningKey } from '../remote-users/parse-remote-keys.ts';
import { readCurrentLists, readSharedUsers } from '../remote-users/remote-device-store.ts';
import { signingKeyStatements } from '../remote-users/store-list.ts';
import { eduType, userOf } from './edu-type.ts';
import type { EduServices } from './edu-type.ts';

const Key = Type.Optional(Type.Unsafe<JsonObject>(Type.Object({})));
const Update = Type.Object({ user_id: Type.String(), master_key: Key, self_signing_key: Key });

/** SS API, "End-to-End Encryption". */
export const signingKeyUpdateEdu = eduType({
  name: 'm.signing_key_update',
  isDurable: true,
  schema: Update,
  async receive(origin, contents, services) {
    for (const content of contents) {
      const userId = userOf(origin, content.user_id);
      if (userId !== undefined) await receiveOfUser(services, origin, userId, content);
    }
  },
});

async function receiveOfUser(
  { lists, resyncSoon }: EduServices,
  origin: string,
  userId: UserId,
  update: Static<typeof Update>,
): Promise<void> {
  const { database, names } = lists;
  const userNid = await names.users.find(userId);
  if (userNid === undefined) return;
  const { isShared, isKnown } = await database.read(async (reader) => ({
    isShared: (await readSharedUsers(reader, [userNid])).has(userNid),
    isKnown: (await readCurrentLists(reader, [userNid])).has(userNid),
  }));
  if (!isShared) return;
  const master = parseCrossSigningKey(update.master_key, userId, 'master');
  const selfSigning = parseCrossSigningKey(update.self_signing_key, userId, 'self_signing');
  if (master === undefined && selfSigning === undefined) return;
  if (!isKnown) {
    await markChanged(lists, userNid, origin);
    resyncSoon(origin);
    return;
  }
  await write(database, {
    statements: [
      ...signingKeyStatements(userNid, { master, selfSigning }),
      deviceListChangedStatement(userNid),
    ],
    positions: 1,
    touches: [{ kind: ChangeKind.deviceList, subject: userNid }],
  });
}
