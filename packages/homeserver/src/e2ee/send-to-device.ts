import { hash } from 'node:crypto';

import { exceedsBytes } from '@soma/protocol';

import { invalidParam, tooLarge } from '../errors/matrix-error.ts';
import { ChangeKind } from '../storage/change.ts';
import type { Encryption, OwnDevice } from './encryption.ts';
import { findDeliveries, isTooLarge } from './find-deliveries.ts';
import type { DeviceMessages } from './find-deliveries.ts';
import {
  keyNameBytesMax,
  toDeviceContentBytesMax,
  toDeviceRecipientsMax,
  transactionLifetimeMs,
} from './limits.ts';
import { splitUsers } from './split-users.ts';
import {
  insertToDeviceStatement,
  rememberTransactionStatements,
  transactionIsNew,
} from './to-device-store.ts';

/** What is sent, under which transaction ID. */
export interface ToDeviceRequest {
  readonly type: string;
  readonly transactionId: string;
  readonly messages: DeviceMessages;
}

/**
 * Leaves messages for devices (CS API, "Send-to-Device messaging"), once for each transaction. Throws `413 M_TOO_LARGE`
 * and `400 M_INVALID_PARAM`.
 */
export async function sendToDevice(
  encryption: Encryption,
  sender: OwnDevice,
  request: ToDeviceRequest,
): Promise<void> {
  const { database, now } = encryption.accounts;
  const { type, transactionId, messages } = request;
  if (exceedsBytes(type, keyNameBytesMax)) throw invalidParam('The event type is too long');
  checkSizes(messages);
  const { remote } = splitUsers(encryption, messages);
  const deliveries = await findDeliveries(encryption.accounts, messages);
  if (deliveries.length > toDeviceRecipientsMax) throw tooLarge('Too many devices in one request');
  const transaction = hash('sha256', JSON.stringify([type, transactionId]), 'buffer');
  await database.submit({
    statements: [
      ...rememberTransactionStatements(sender, transaction, now(), now() - transactionLifetimeMs),
      ...deliveries.map(({ content, ...to }) =>
        insertToDeviceStatement(to, { senderNid: sender.userNid, type, content }),
      ),
      ...encryption.remote.sendStatements(sender.userId, type, remote),
    ],
    guards: [transactionIsNew(sender, transaction)],
    positions: 1,
    touches: deliveries.map(({ deviceNid }) => ({
      kind: ChangeKind.toDevice,
      subject: deviceNid,
    })),
  }).done;
}

function checkSizes(messages: DeviceMessages): void {
  for (const contents of Object.values(messages)) {
    for (const content of Object.values(contents)) {
      if (isTooLarge(content)) {
        throw tooLarge(`A message to a device has at most ${toDeviceContentBytesMax} bytes`);
      }
    }
  }
}
