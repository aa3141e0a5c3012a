import type { Guard } from '../storage/change.ts';
import { unescapeText } from '../storage/escape-text.ts';
import { query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

/** The identity keys of a device, as the client uploaded them. */
export interface DeviceKeysRecord {
  readonly deviceId: string;
  readonly displayName: string | undefined;
  /** JSON text. */
  readonly json: string;
}

interface Row {
  readonly device_id: string;
  readonly display_name: string | null;
  readonly json: string;
}

const exists = query('select 1 as one from devices where device_nid = ?');
const put = query(
  `insert into device_keys (device_nid, user_nid, json) values (?, ?, ?)
   on conflict (device_nid) do update set json = excluded.json`,
);
const one = query<{ json: string }>('select json from device_keys where device_nid = ?');
const ofUser = query<Row>(
  `select d.device_id, d.display_name, k.json from device_keys k
   join devices d on d.device_nid = k.device_nid where k.user_nid = ? order by k.device_nid`,
);

/** The name of {@link deviceExists}. */
export const DEVICE_EXISTS = 'device-exists';

/** Holds while the device was not deleted. */
export function deviceExists({ deviceNid }: { readonly deviceNid: number }): Guard {
  return { name: DEVICE_EXISTS, check: statement(exists, deviceNid), expect: 'exists' };
}

export function putDeviceKeysStatement(
  userNid: number,
  deviceNid: number,
  json: string,
): Statement {
  return statement(put, deviceNid, userNid, json);
}

/** JSON text; undefined for a device without keys. */
export async function readDeviceKeys(
  reader: Reader,
  deviceNid: number,
): Promise<string | undefined> {
  return (await reader.get(one, deviceNid))?.json;
}

/** Of all of the user's devices that have keys. */
export async function readDeviceKeysOfUser(
  reader: Reader,
  userNid: number,
): Promise<DeviceKeysRecord[]> {
  const rows = await reader.all(ofUser, userNid);
  return rows.map((row) => ({
    deviceId: unescapeText(row.device_id),
    displayName: row.display_name === null ? undefined : unescapeText(row.display_name),
    json: row.json,
  }));
}
