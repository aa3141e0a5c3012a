import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { integerList, query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';
import type { LoginOrigin } from './login-token-store.ts';

interface DeviceRow {
  readonly device_nid: number;
  readonly device_id: string;
  readonly display_name: string | null;
  readonly last_seen_ts: number | null;
  readonly last_seen_ip: string | null;
  readonly last_seen_user_agent: string | null;
}

/** When and from where a device was last used. */
export interface Sighting {
  readonly tsMs: number;
  /** Undefined where it was forgotten meanwhile. */
  readonly place: SeenPlace | undefined;
}

export interface SeenPlace {
  readonly ip: string;
  readonly userAgent: string;
}

export interface Device {
  readonly deviceNid: number;
  readonly deviceId: string;
  readonly displayName: string | undefined;
  /** As of the last time it was written; newer ones are in memory. */
  readonly lastSeen: Sighting | undefined;
}

/** A device, by an identity provider. */
export interface ProviderDevice {
  readonly deviceNid: number;
  readonly userNid: number;
}

export interface NewDevice {
  readonly deviceNid: number;
  readonly userNid: number;
  readonly deviceId: string;
  readonly displayName: string | undefined;
  readonly createdTs: number;
}

const columns =
  'device_nid, device_id, display_name, last_seen_ts, last_seen_ip, last_seen_user_agent';

const ofUser = query<DeviceRow>(
  `select ${columns} from devices where user_nid = ? order by device_nid`,
);
const one = query<DeviceRow>(`select ${columns} from devices where user_nid = ? and device_id = ?`);
const insert = query(
  `insert into devices (device_nid, user_nid, device_id, display_name, created_ts)
   values (?, ?, ?, ?, ?) on conflict (user_nid, device_id) do nothing`,
);
const rename = query('update devices set display_name = ? where user_nid = ? and device_id = ?');
const setOrigin = query(
  `update devices set auth_provider = ?, provider_session_id = ?
   where user_nid = ? and device_id = ?`,
);
const ofProvider = query<ProviderDevice>(
  `select device_nid as "deviceNid", user_nid as "userNid" from devices
   where auth_provider = ? and provider_session_id = ?`,
);
const ofProviderUser = query<ProviderDevice>(
  `select device_nid as "deviceNid", user_nid as "userNid" from devices
   where auth_provider = ? and user_nid = ?`,
);
const seen = query(
  `update devices set last_seen_ts = ?, last_seen_ip = ?, last_seen_user_agent = ?
   where device_nid = ?`,
);
const stale = query<{ user_nid: number; device_nid: number }>(
  `select user_nid, device_nid from devices where last_seen_ts < ? and device_nid > ?
   order by device_nid limit ?`,
);
const forgetAddresses = query(
  `update devices set last_seen_ip = null, last_seen_user_agent = null
   where last_seen_ts < ? and last_seen_ip is not null`,
);
const remove = query('delete from devices where user_nid = ? and device_nid {in}');
const removeAllBut = query('delete from devices where user_nid = ? and device_nid <> ?');

/** The user's devices, oldest first. */
export async function readDevices(reader: Reader, userNid: number): Promise<Device[]> {
  return (await reader.all(ofUser, userNid)).map(toDevice);
}

export async function readDevice(
  reader: Reader,
  userNid: number,
  deviceId: string,
): Promise<Device | undefined> {
  const row = await reader.get(one, userNid, escapeText(deviceId));
  return row === undefined ? undefined : toDevice(row);
}

/** A device that is known stays as it is. */
export function insertDeviceStatement(device: NewDevice): Statement {
  return statement(
    insert,
    device.deviceNid,
    device.userNid,
    escapeText(device.deviceId),
    device.displayName === undefined ? null : escapeText(device.displayName),
    device.createdTs,
  );
}

export function renameDeviceStatement(
  userNid: number,
  deviceId: string,
  displayName: string,
): Statement {
  return statement(rename, escapeText(displayName), userNid, escapeText(deviceId));
}

/** Notes which session at an identity provider the device has logged in by; undefined for none. */
export function setDeviceOriginStatement(
  userNid: number,
  deviceId: string,
  origin: LoginOrigin | undefined,
): Statement {
  const providerSessionId = origin?.providerSessionId;
  return statement(
    setOrigin,
    origin === undefined ? null : escapeText(origin.authProvider),
    providerSessionId === undefined ? null : escapeText(providerSessionId),
    userNid,
    escapeText(deviceId),
  );
}

/** Devices that have logged in by a session at an identity provider. */
export function readDevicesOfProviderSession(
  reader: Reader,
  authProvider: string,
  providerSessionId: string,
): Promise<ProviderDevice[]> {
  return reader.all(ofProvider, escapeText(authProvider), escapeText(providerSessionId));
}

/** Those of the user's devices that have logged in by an identity provider. */
export function readDevicesOfProviderUser(
  reader: Reader,
  authProvider: string,
  userNid: number,
): Promise<ProviderDevice[]> {
  return reader.all(ofProviderUser, escapeText(authProvider), userNid);
}

export function deviceSeenStatement(deviceNid: number, sighting: Sighting): Statement {
  const { tsMs, place } = sighting;
  const { ip = '', userAgent = '' } = place ?? {};
  return statement(seen, tsMs, escapeText(ip), escapeText(userAgent), deviceNid);
}

/** Devices that were last used before a time, in the order of their nids, above one. */
export async function readStaleDevices(
  reader: Reader,
  beforeTs: number,
  above: number,
  limit: number,
): Promise<{ readonly userNid: number; readonly deviceNid: number }[]> {
  const rows = await reader.all(stale, beforeTs, above, limit);
  return rows.map((row) => ({ userNid: row.user_nid, deviceNid: row.device_nid }));
}

/** Of devices that were last used before a time, it is no longer known from where. */
export function forgetAddressesStatement(beforeTs: number): Statement {
  return statement(forgetAddresses, beforeTs);
}

export function deleteDevicesStatement(userNid: number, deviceNids: readonly number[]): Statement {
  return statement(remove, userNid, integerList(deviceNids));
}

export function deleteDevicesButStatement(userNid: number, kept: number | undefined): Statement {
  return statement(removeAllBut, userNid, kept ?? 0);
}

function toDevice(row: DeviceRow): Device {
  return {
    deviceNid: row.device_nid,
    deviceId: unescapeText(row.device_id),
    displayName: row.display_name === null ? undefined : unescapeText(row.display_name),
    lastSeen:
      row.last_seen_ts === null
        ? undefined
        : {
            tsMs: row.last_seen_ts,
            place:
              row.last_seen_ip === null
                ? undefined
                : {
                    ip: unescapeText(row.last_seen_ip),
                    userAgent: unescapeText(row.last_seen_user_agent ?? ''),
                  },
          },
  };
}
