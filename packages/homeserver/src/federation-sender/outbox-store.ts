import type { JsonObject } from '@soma/protocol';

import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { POSITION, query, statement } from '../storage/sql.ts';
import type { Reader, SqlParam, Statement } from '../storage/sql.ts';
import { knowDestinationStatement } from './outbox-rooms-store.ts';

/** `outbox_edus.kind`. */
export const OutboxKind = { toDevice: 1, deviceList: 2, signingKeys: 3, receipt: 4 } as const;
export type OutboxKind = (typeof OutboxKind)[keyof typeof OutboxKind];

/** The content of `m.direct_to_device`. */
export interface ToDeviceEdu {
  readonly sender: string;
  readonly type: string;
  /** Unique among the messages of this server; at most 32 characters. The receiver takes each once. */
  readonly messageId: string;
  /** Contents by device ID, or `*`, by user ID; all users are of the destination. */
  readonly messages: Readonly<Record<string, Readonly<Record<string, JsonObject>>>>;
}

/** The content of `m.device_list_update` without `stream_id` and `prev_id`, which are given to it here. */
export interface DeviceListUpdate {
  readonly userId: string;
  readonly deviceId: string;
  readonly displayName?: string | undefined;
  /** The device keys as `/keys/query` shows them. */
  readonly keys?: JsonObject | undefined;
  readonly isDeleted?: boolean | undefined;
}

/** The content of `m.signing_key_update`. */
export interface SigningKeyUpdate {
  readonly userId: string;
  readonly masterKey?: JsonObject | undefined;
  readonly selfSigningKey?: JsonObject | undefined;
}

/** An EDU that is kept until its destination has taken it. */
export interface StoredEdu {
  readonly kind: OutboxKind;
  readonly key: string;
  readonly position: number;
  /** Of a device list update: the position of the one before it, for the same user and destination. */
  readonly previous: number | null;
  readonly content: JsonObject;
}

const put = query(
  `insert into outbox_edus (server_name, kind, edu_key, position, previous, content)
   values (?, ?, ?, ?, null, ?)
   on conflict (server_name, kind, edu_key) do update
     set position = excluded.position, content = excluded.content`,
);
const putDeviceList = query(
  `insert into outbox_edus (server_name, kind, edu_key, position, previous, content)
   values (?, ${OutboxKind.deviceList}, ?, ?,
     (select l.stream_id from outbox_device_lists l where l.server_name = ? and l.user_id = ?), ?)
   on conflict (server_name, kind, edu_key) do update
     set position = excluded.position, previous = excluded.previous, content = excluded.content`,
);
const putStreamId = query(
  `insert into outbox_device_lists (server_name, user_id, stream_id) values (?, ?, ?)
   on conflict (server_name, user_id) do update set stream_id = excluded.stream_id`,
);
const removeStreamId = query(
  'delete from outbox_device_lists where server_name = ? and user_id = ?',
);
const remove = query(
  `delete from outbox_edus where server_name = ? and kind = ? and edu_key = ? and position = ?`,
);
const oldest = query<{
  kind: OutboxKind;
  edu_key: string;
  position: number;
  previous: number | null;
  content: string;
}>(
  `select kind, edu_key, position, previous, content from outbox_edus
   where server_name = ? order by position, kind, edu_key limit ?`,
);
const waitingSince = query<{ server_name: string }>(
  'select distinct server_name from outbox_edus where position > ? and position <= ?',
);

/**
 * Leaves a message for devices of another server until that has taken it. Put these statements into the change that
 * the message belongs to; it must take a position (`positions` of at least 1), by which the sender learns of it. No
 * touch is needed.
 */
export function enqueueToDevice(serverName: string, edu: ToDeviceEdu): Statement[] {
  const { sender, type, messageId, messages } = edu;
  const content = { sender, type, message_id: messageId, messages };
  return enqueue(serverName, OutboxKind.toDevice, messageId, content);
}

/**
 * The same for a device of a user of this server that has changed. Of one user at most one update waits: a later one
 * takes its place, and refers to one that the receiver does not know, so that it asks for all of the user's devices.
 * The position becomes the `stream_id`. A change that takes no position of its own gives one as `at`, which must grow.
 */
export function enqueueDeviceListUpdate(
  serverName: string,
  update: DeviceListUpdate,
  at: SqlParam = POSITION,
): Statement[] {
  const { userId, deviceId, displayName, keys, isDeleted } = update;
  const content = JSON.stringify({
    user_id: userId,
    device_id: deviceId,
    device_display_name: displayName,
    keys,
    deleted: isDeleted,
  });
  const user = escapeText(userId);
  return [
    knowDestinationStatement(serverName),
    statement(putDeviceList, serverName, user, at, serverName, user, content),
    statement(putStreamId, serverName, user, at),
  ];
}

/** The same where more has changed than that one device: it refers to none before it, so that all are asked for. */
export function enqueueDeviceListResync(
  serverName: string,
  update: DeviceListUpdate,
  at: SqlParam = POSITION,
): Statement[] {
  const forget = statement(removeStreamId, serverName, escapeText(update.userId));
  return [forget, ...enqueueDeviceListUpdate(serverName, update, at)];
}

/** The same for cross-signing keys; the last keys of a user win. */
export function enqueueSigningKeyUpdate(
  serverName: string,
  { userId, masterKey, selfSigningKey }: SigningKeyUpdate,
  at: SqlParam = POSITION,
): Statement[] {
  const content = { user_id: userId, master_key: masterKey, self_signing_key: selfSigningKey };
  return enqueue(serverName, OutboxKind.signingKeys, userId, content, at);
}

/** Leaves an EDU; one with the same key takes the place of an earlier one. */
export function enqueue(
  serverName: string,
  kind: OutboxKind,
  key: string,
  content: object,
  at: SqlParam = POSITION,
): Statement[] {
  return [
    knowDestinationStatement(serverName),
    statement(put, serverName, kind, escapeText(key), at, JSON.stringify(content)),
  ];
}

/** What a destination has taken; not what came in its place meanwhile. */
export function dequeueStatements(serverName: string, taken: readonly StoredEdu[]): Statement[] {
  return taken.map(({ kind, key, position }) =>
    statement(remove, serverName, kind, escapeText(key), position),
  );
}

/** Up to `limit` EDUs that wait for the destination, oldest first. */
export async function readStoredEdus(
  reader: Reader,
  serverName: string,
  limit: number,
): Promise<StoredEdu[]> {
  const rows = await reader.all(oldest, serverName, limit);
  return rows.map(({ kind, edu_key: key, position, previous, content }) => ({
    kind,
    key: unescapeText(key),
    position,
    previous,
    content: JSON.parse(content),
  }));
}

/** The destinations for which EDUs were left in (`above`, `upTo`]. */
export async function readDestinationsWithEdus(
  reader: Reader,
  above: number,
  upTo: number,
): Promise<string[]> {
  const rows = await reader.all(waitingSince, above, upTo);
  return rows.map((row) => row.server_name);
}
