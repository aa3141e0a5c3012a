import type { JsonObject } from '@soma/protocol';

import { write } from '../storage/database.ts';
import type { Database } from '../storage/database.ts';
import type { InternedNames } from '../storage/names-store.ts';
import type { Reader } from '../storage/sql.ts';
import { toDeviceMessagesMax } from './limits.ts';
import { deleteToDeviceStatement, hasToDeviceUpTo, readToDevice } from './to-device-store.ts';

interface Place {
  readonly userNid: number;
  readonly deviceNid: number;
}

/** The next messages for a device. */
export interface ReceivedMessages {
  readonly events: readonly JsonObject[];
  /** Up to where they are told: before the end where there are more. */
  readonly upTo: number;
}

/** Reads the messages above one position, up to and with another, as many as one answer tells. */
export async function receiveToDevice(
  reader: Reader,
  names: InternedNames,
  device: Place,
  above: number,
  upTo: number,
  limit = toDeviceMessagesMax,
): Promise<ReceivedMessages> {
  const messages = await readToDevice(reader, device, { above, upTo, limit });
  const events: JsonObject[] = [];
  for (const { senderNid, type, content } of messages) {
    const parsed: JsonObject = JSON.parse(content);
    events.push({ sender: await names.users.text(senderNid), type, content: parsed });
  }
  const last = messages.length < limit ? undefined : messages.at(-1);
  return { events, upTo: last?.position ?? upTo };
}

/** Forgets messages that the device has: those up to the token that it sent back. */
export async function acknowledgeToDevice(
  database: Database,
  device: Place,
  position: number,
): Promise<void> {
  if (!(await hasToDeviceUpTo(database.reader, device, position))) return;
  await write(database, {
    statements: [deleteToDeviceStatement(device, position)],
    positions: 0,
  });
}
