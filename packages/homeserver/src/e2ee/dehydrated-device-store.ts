import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

/** A device that waits in the user's place while all others are offline (MSC3814). */
export interface DehydratedDevice {
  readonly deviceNid: number;
  readonly deviceId: string;
  /** JSON text of its encrypted self. */
  readonly deviceData: string;
}

const put = query(
  `insert into dehydrated_devices (user_nid, device_nid, device_data)
   select user_nid, device_nid, cast(? as text) from devices
   where user_nid = ? and device_id = ?
   on conflict (user_nid) do update
     set device_nid = excluded.device_nid, device_data = excluded.device_data`,
);
const one = query<{ device_nid: number; device_id: string; device_data: string }>(
  `select h.device_nid, d.device_id, h.device_data from dehydrated_devices h
   join devices d on d.device_nid = h.device_nid where h.user_nid = ?`,
);

/** The device must be there by then. */
export function putDehydratedDeviceStatement(
  userNid: number,
  deviceId: string,
  deviceData: string,
): Statement {
  return statement(put, deviceData, userNid, escapeText(deviceId));
}

export async function readDehydratedDevice(
  reader: Reader,
  userNid: number,
): Promise<DehydratedDevice | undefined> {
  const row = await reader.get(one, userNid);
  if (row === undefined) return undefined;
  const { device_nid: deviceNid, device_id: deviceId, device_data: deviceData } = row;
  return { deviceNid, deviceId: unescapeText(deviceId), deviceData };
}
