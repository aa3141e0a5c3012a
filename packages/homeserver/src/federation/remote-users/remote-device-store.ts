import { removeCrossSigningKeysStatement } from '../../e2ee/cross-signing-store.ts';
import type { Guard } from '../../storage/change.ts';
import { escapeText, unescapeText } from '../../storage/escape-text.ts';
import { integerList, query, statement } from '../../storage/sql.ts';
import type { Reader, Statement } from '../../storage/sql.ts';

/** A device of a user of another server. */
export interface RemoteDevice {
  readonly deviceId: string;
  readonly displayName: string | undefined;
  /** JSON text of its identity keys. */
  readonly json: string;
}

interface DeviceRow {
  readonly user_nid: number;
  readonly device_id: string;
  readonly display_name: string | null;
  readonly json: string;
}

/** That a user of `outer.user_nid` is in a room with a user of this server. */
function isShared(userNid: string): string {
  return `exists (
    select 1 from memberships m join room_summaries s on s.room_nid = m.room_nid
    where m.user_nid = ${userNid} and m.membership = 1 and s.local_joined_count > 0)`;
}

const shared = query<{ user_nid: number }>(
  `select u.user_nid from users u where u.user_nid {in} and ${isShared('u.user_nid')}`,
);
const sharedOne = query(
  `select 1 as one from users u where u.user_nid = ? and ${isShared('u.user_nid')}`,
);
const current = query<{ user_nid: number }>(
  `select l.user_nid from remote_device_lists l where l.user_nid {in}
   and ${isShared('l.user_nid')}
   and not exists (select 1 from device_list_resyncs r where r.user_nid = l.user_nid)`,
);
const list = query<{ stream_id: number | null }>(
  'select stream_id from remote_device_lists where user_nid = ?',
);
const listOrMark = query(
  `select 1 as one from remote_device_lists where user_nid = ?
   union all select 1 as one from device_list_resyncs where user_nid = ?`,
);
const listAt = query(
  'select 1 as one from remote_device_lists where user_nid = ? and stream_id = ?',
);
const devices = query<DeviceRow>(
  `select user_nid, device_id, display_name, json from remote_devices where user_nid {in}
   order by user_nid, device_id`,
);
const deviceCount = query<{ count: number }>(
  'select count(*) as count from remote_devices where user_nid = ?',
);
const putList = query(
  `insert into remote_device_lists (user_nid, stream_id) values (?, ?)
   on conflict (user_nid) do update set stream_id = excluded.stream_id`,
);
const putDevice = query(
  `insert into remote_devices (user_nid, device_id, display_name, json) values (?, ?, ?, ?)
   on conflict (user_nid, device_id) do update set display_name = excluded.display_name,
     json = excluded.json`,
);
const removeDevice = query('delete from remote_devices where user_nid = ? and device_id = ?');
const removeDevices = query('delete from remote_devices where user_nid = ?');
const removeList = query('delete from remote_device_lists where user_nid = ?');

const listIsGone = (table: string): string =>
  `not exists (select 1 from remote_device_lists l where l.user_nid = ${table}.user_nid)`;
const remains = ['remote_devices', 'cross_signing_keys', 'device_list_resyncs'];
const forgetOne = [
  `delete from remote_device_lists where user_nid = ?
   and not ${isShared('remote_device_lists.user_nid')}`,
  ...remains.map(
    (table) => `delete from ${table} where user_nid = ? and ${listIsGone(table)}
      and not ${isShared(`${table}.user_nid`)}`,
  ),
].map((text) => query(text));
const ofRoom = `user_nid in (
    select o.user_nid from memberships o where o.room_nid = ? and o.membership = 1 and o.local = 0)
  and not exists (
    select 1 from room_summaries here where here.room_nid = ? and here.local_joined_count > 0)`;
const forgetOfRoom = ['remote_device_lists', ...remains].map((table) =>
  query(`delete from ${table} where ${ofRoom} and not ${isShared(`${table}.user_nid`)}`),
);

/** Of these users, those who are in a room with a user of this server: their servers tell of their devices. */
export async function readSharedUsers(
  reader: Reader,
  userNids: readonly number[],
): Promise<Set<number>> {
  const rows = await reader.all(shared, integerList(userNids));
  return new Set(rows.map((row) => row.user_nid));
}

/** Of these users, those whose devices are known as they are now. */
export async function readCurrentLists(
  reader: Reader,
  userNids: readonly number[],
): Promise<Set<number>> {
  const rows = await reader.all(current, integerList(userNids));
  return new Set(rows.map((row) => row.user_nid));
}

/** The version of a list: null where it is not known, undefined where there is no list. */
export async function readStreamId(
  reader: Reader,
  userNid: number,
): Promise<number | null | undefined> {
  const row = await reader.get(list, userNid);
  return row === undefined ? undefined : row.stream_id;
}

/** By user. */
export async function readRemoteDevices(
  reader: Reader,
  userNids: readonly number[],
): Promise<Map<number, RemoteDevice[]>> {
  const found = new Map<number, RemoteDevice[]>();
  for (const row of await reader.all(devices, integerList(userNids))) {
    const ofUser = found.get(row.user_nid) ?? [];
    ofUser.push({
      deviceId: unescapeText(row.device_id),
      displayName: row.display_name === null ? undefined : unescapeText(row.display_name),
      json: row.json,
    });
    found.set(row.user_nid, ofUser);
  }
  return found;
}

export async function countRemoteDevices(reader: Reader, userNid: number): Promise<number> {
  return (await reader.get(deviceCount, userNid))?.count ?? 0;
}

/** Holds while the user is in a room with one of this server. */
export function userIsShared(userNid: number): Guard {
  return { name: 'user-is-shared', check: statement(sharedOne, userNid), expect: 'exists' };
}

/** Holds while nothing is known of the user's devices, and nothing says that they change. */
export function hasNoList(userNid: number): Guard {
  return {
    name: 'has-no-list',
    check: statement(listOrMark, userNid, userNid),
    expect: 'absent',
  };
}

/** Holds while the list is of this version. */
export function listIsAt(userNid: number, streamId: number): Guard {
  return { name: 'list-is-at', check: statement(listAt, userNid, streamId), expect: 'exists' };
}

/** Notes of which version the list is; null for one that the server did not tell. */
export function putListStatement(userNid: number, streamId: number | null): Statement {
  return statement(putList, userNid, streamId);
}

export function putRemoteDeviceStatement(userNid: number, device: RemoteDevice): Statement {
  const { deviceId, displayName, json } = device;
  const name = displayName === undefined ? null : escapeText(displayName);
  return statement(putDevice, userNid, escapeText(deviceId), name, json);
}

export function removeRemoteDeviceStatement(userNid: number, deviceId: string): Statement {
  return statement(removeDevice, userNid, escapeText(deviceId));
}

/** Forgets all that is known of a user's devices and keys. */
export function removeListStatements(userNid: number): Statement[] {
  return [
    statement(removeList, userNid),
    statement(removeDevices, userNid),
    removeCrossSigningKeysStatement(userNid),
  ];
}

/** Forgets the user's devices, if no user of this server is in a room with them any more. */
export function forgetUnsharedStatements(userNid: number): Statement[] {
  return forgetOne.map((each) => statement(each, userNid));
}

/** The same for all members of a room that no user of this server is in any more. */
export function forgetUnsharedOfRoomStatements(roomNid: number): Statement[] {
  return forgetOfRoom.map((each) => statement(each, roomNid, roomNid));
}
