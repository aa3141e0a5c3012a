import { unescapeText } from '../storage/escape-text.ts';
import { integerList, query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

/** A message to a device, with where it goes. */
export interface AddressedMessage {
  readonly userNid: number;
  readonly deviceNid: number;
  readonly deviceId: string;
  readonly senderNid: number;
  readonly type: string;
  /** JSON text. */
  readonly content: string;
}

/** A device that has keys. */
export interface DeviceWithKeys {
  readonly userNid: number;
  readonly deviceNid: number;
  readonly deviceId: string;
}

interface MessageRow {
  readonly user_nid: number;
  readonly device_nid: number;
  readonly device_id: string;
  readonly sender_nid: number;
  readonly type: string;
  readonly content: string;
}

/** (devices, above, up to) */
const messages = query<MessageRow>(
  `select m.user_nid, d.device_nid, d.device_id, m.sender_nid, m.type, m.content
   from devices d join to_device_messages m on m.user_nid = d.user_nid and m.device_nid = d.device_nid
   where d.device_nid {in} and m.position > ? and m.position <= ?
   order by m.position, d.device_nid`,
);
/** (user, device, above, up to) */
const endTold = query(
  `delete from to_device_messages
   where user_nid = ? and device_nid = ? and position > ? and position <= ?`,
);
const members = query<{ user_nid: number }>(
  `select distinct m.user_nid from memberships m
   where m.room_nid {in} and m.local = 1 and m.membership = 1 and exists (
     select 1 from device_keys k where k.user_nid = m.user_nid)`,
);
const devices = query<{ user_nid: number; device_nid: number; device_id: string }>(
  `select d.user_nid, d.device_nid, d.device_id from device_keys k
   join devices d on d.device_nid = k.device_nid where k.user_nid {in} order by d.device_nid`,
);

/** Messages that the devices got in (`above`, `upTo`], oldest first. */
export async function readAddressedMessages(
  reader: Reader,
  deviceNids: Iterable<number>,
  above: number,
  upTo: number,
): Promise<AddressedMessage[]> {
  const rows = await reader.all(messages, integerList(deviceNids), above, upTo);
  return rows.map((row) => ({
    userNid: row.user_nid,
    deviceNid: row.device_nid,
    deviceId: unescapeText(row.device_id),
    senderNid: row.sender_nid,
    type: unescapeText(row.type),
    content: row.content,
  }));
}

/** The messages that a device got in (`above`, `upTo`] wait for it no longer. */
export function endToldStatement(
  { userNid, deviceNid }: Pick<DeviceWithKeys, 'userNid' | 'deviceNid'>,
  above: number,
  upTo: number,
): Statement {
  return statement(endTold, userNid, deviceNid, above, upTo);
}

/** Users of this server with keys, who are in one of the rooms. */
export async function readMembersWithKeys(
  reader: Reader,
  roomNids: Iterable<number>,
): Promise<number[]> {
  return (await reader.all(members, integerList(roomNids))).map((row) => row.user_nid);
}

export async function readDevicesWithKeys(
  reader: Reader,
  userNids: Iterable<number>,
): Promise<DeviceWithKeys[]> {
  return (await reader.all(devices, integerList(userNids))).map((row) => ({
    userNid: row.user_nid,
    deviceNid: row.device_nid,
    deviceId: unescapeText(row.device_id),
  }));
}
