import { isJsonObject } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { eduCharactersMax } from './limits.ts';
import { OutboxKind } from './outbox-store.ts';
import type { StoredEdu } from './outbox-store.ts';

/** SS API, "EDUs". */
export interface Edu {
  readonly edu_type: string;
  readonly content: JsonObject;
}

/** A receipt as it waits in the outbox. */
export interface StoredReceipt {
  readonly roomId: string;
  readonly userId: string;
  readonly eventId: string;
  readonly ts: number;
  /** Absent for a receipt that holds regardless of threads. */
  readonly threadId?: string | undefined;
}

/** As many of the oldest as go into one transaction together. */
export function fittingEdus(stored: readonly StoredEdu[]): readonly StoredEdu[] {
  let characters = 0;
  const end = stored.findIndex(({ content }) => {
    characters += JSON.stringify(content).length;
    return characters > eduCharactersMax;
  });
  return end === -1 ? stored : stored.slice(0, Math.max(1, end));
}

/** What the destination is told; receipts share an EDU where they can. */
export function edusOf(stored: readonly StoredEdu[]): Edu[] {
  const edus: Edu[] = [];
  const receipts: JsonObject[] = [];
  for (const { kind, position, previous, content } of stored) {
    if (kind === OutboxKind.toDevice) edus.push({ edu_type: 'm.direct_to_device', content });
    else if (kind === OutboxKind.signingKeys) {
      edus.push({ edu_type: 'm.signing_key_update', content });
    } else if (kind === OutboxKind.deviceList) {
      const chain = { stream_id: position, prev_id: previous === null ? [] : [previous] };
      edus.push({ edu_type: 'm.device_list_update', content: { ...content, ...chain } });
    } else addReceipt(receipts, parseReceipt(content));
  }
  return [...edus, ...receipts.map((content) => ({ edu_type: 'm.receipt', content }))];
}

/** An EDU has one receipt of a user in a room; those in other threads go into other EDUs. */
function addReceipt(edus: JsonObject[], stored: StoredReceipt): void {
  const { roomId, userId, eventId, ts, threadId } = stored;
  const receipt = {
    event_ids: [eventId],
    data: { ts, ...(threadId === undefined ? {} : { thread_id: threadId }) },
  };
  for (const edu of edus) {
    const users = usersIn(edu, roomId);
    if (Object.hasOwn(users, userId)) continue;
    edu[roomId] = { 'm.read': { ...users, [userId]: receipt } };
    return;
  }
  edus.push({ [roomId]: { 'm.read': { [userId]: receipt } } });
}

function usersIn(edu: JsonObject, roomId: string): JsonObject {
  const room = Object.hasOwn(edu, roomId) ? edu[roomId] : undefined;
  const users = isJsonObject(room) ? room['m.read'] : undefined;
  return isJsonObject(users) ? users : {};
}

/** As `receiptStatements` has stored it. */
function parseReceipt(content: JsonObject): StoredReceipt {
  return content as unknown as StoredReceipt;
}
