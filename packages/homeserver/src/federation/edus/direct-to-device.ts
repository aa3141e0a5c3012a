import { hash } from 'node:crypto';

import { Type } from 'typebox';

import { exceedsBytes } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import type { Accounts } from '../../accounts/accounts.ts';
import { findDeliveries, isTooLarge } from '../../e2ee/find-deliveries.ts';
import { keyNameBytesMax } from '../../e2ee/limits.ts';
import { insertToDeviceStatement } from '../../e2ee/to-device-store.ts';
import { ChangeKind } from '../../storage/change.ts';
import type { Change } from '../../storage/change.ts';
import { eduType, userOf } from './edu-type.ts';
import { messageIdBytesMax, messageIdsKeptMs } from './limits.ts';
import { rememberReceivedStatements, toDeviceIsNew } from './received-to-device-store.ts';

interface ToDeviceContent {
  readonly sender: string;
  readonly type: string;
  readonly message_id: string;
  readonly messages: Readonly<Record<string, Readonly<Record<string, JsonObject>>>>;
}

/** SS API, "Send-to-device messaging". Each message is left once, however often it comes. */
export const directToDeviceEdu = eduType({
  name: 'm.direct_to_device',
  isDurable: true,
  schema: Type.Object({
    sender: Type.String(),
    type: Type.String(),
    message_id: Type.String(),
    messages: Type.Record(
      Type.String(),
      Type.Record(Type.String(), Type.Unsafe<JsonObject>(Type.Object({}))),
    ),
  }),
  async receive(origin, contents, { accounts }) {
    const own = contents.filter(({ sender }) => userOf(origin, sender) !== undefined);
    const prepared = await Promise.all(own.map((content) => prepare(accounts, content)));
    // A device gets them in the order in which they were sent.
    const changes = prepared.filter((change) => change !== undefined);
    await Promise.all(changes.map((change) => accounts.database.submit(change).done));
  },
});

/** What leaves a message; undefined where there is nobody to leave it for. */
async function prepare(accounts: Accounts, content: ToDeviceContent): Promise<Change | undefined> {
  const { sender, type, message_id: messageId, messages } = content;
  if (exceedsBytes(type, keyNameBytesMax) || exceedsBytes(messageId, messageIdBytesMax)) {
    return undefined;
  }
  if (Object.values(messages).some((each) => Object.values(each).some(isTooLarge))) {
    return undefined;
  }
  const deliveries = await findDeliveries(accounts, messages);
  if (deliveries.length === 0) return undefined;
  const { names, now } = accounts;
  const senderNid = await names.users.intern(sender);
  const known = hash('sha256', JSON.stringify([sender, messageId]), 'buffer');
  return {
    statements: [
      ...rememberReceivedStatements(known, now(), now() - messageIdsKeptMs),
      ...deliveries.map(({ content: json, ...to }) =>
        insertToDeviceStatement(to, { senderNid, type, content: json }),
      ),
    ],
    guards: [toDeviceIsNew(known)],
    positions: 1,
    touches: deliveries.map(({ deviceNid }) => ({
      kind: ChangeKind.toDevice,
      subject: deviceNid,
    })),
  };
}
