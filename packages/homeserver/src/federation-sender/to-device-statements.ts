import { randomBytes } from 'node:crypto';

import { parseUserId, serverNameOf } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import type { Statement } from '../storage/sql.ts';
import { enqueueToDevice } from './outbox-store.ts';

/** In characters, as JSON: an EDU with several messages is no longer than this, as by Synapse. */
const EDU_LENGTH_MAX = 65_536;

/** Contents by device, by user. */
type Messages = Map<string, Map<string, JsonObject>>;

/** Leaves messages by device and user for the servers of the users, in as few EDUs as fit. */
export function toDeviceStatements(
  sender: string,
  type: string,
  users: ReadonlyMap<string, Readonly<Record<string, JsonObject>>>,
  allows: (serverName: string) => boolean,
): Statement[] {
  return edusOf(users).flatMap(({ serverName, messages }) => {
    if (!allows(serverName)) return [];
    const messageId = randomBytes(16).toString('hex');
    return enqueueToDevice(serverName, { sender, type, messageId, messages: asObject(messages) });
  });
}

function edusOf(users: ReadonlyMap<string, Readonly<Record<string, JsonObject>>>) {
  const edus: { readonly serverName: string; readonly messages: Messages; length: number }[] = [];
  const latest = new Map<string, (typeof edus)[number]>();
  for (const [userId, contents] of users) {
    const parsed = parseUserId(userId);
    if (parsed === undefined) continue;
    const serverName = serverNameOf(parsed);
    for (const [deviceId, content] of Object.entries(contents)) {
      const length = JSON.stringify(content).length + deviceId.length + userId.length;
      let edu = latest.get(serverName);
      if (edu === undefined || edu.length + length > EDU_LENGTH_MAX) {
        edu = { serverName, messages: new Map(), length: 0 };
        latest.set(serverName, edu);
        edus.push(edu);
      }
      put(edu.messages, userId, deviceId, content);
      edu.length += length;
    }
  }
  return edus;
}

function put(messages: Messages, userId: string, deviceId: string, content: JsonObject): void {
  const ofUser = messages.get(userId) ?? new Map<string, JsonObject>();
  messages.set(userId, ofUser.set(deviceId, content));
}

function asObject(messages: Messages): Record<string, Record<string, JsonObject>> {
  return Object.fromEntries(
    [...messages].map(([userId, contents]) => [userId, Object.fromEntries(contents)]),
  );
}
