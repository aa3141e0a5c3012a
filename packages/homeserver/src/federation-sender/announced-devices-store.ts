import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

/** `announced_devices.kind`. */
const Kind = { device: 1, crossSigningKeys: 2 } as const;

/** What other servers know of a user of this server, as hashes in base64. */
export interface AnnouncedKeys {
  /** By device ID. */
  readonly devices: ReadonlyMap<string, string>;
  /** Of the cross-signing keys that others see; undefined where there are none. */
  readonly crossSigning: string | undefined;
}

const ofUser = query<{ kind: number; device_id: string; hash: Uint8Array }>(
  'select kind, device_id, hash from announced_devices where user_nid = ?',
);
const put = query(
  `insert into announced_devices (user_nid, kind, device_id, hash) values (?, ?, ?, ?)
   on conflict (user_nid, kind, device_id) do update set hash = excluded.hash`,
);
const remove = query(
  'delete from announced_devices where user_nid = ? and kind = ? and device_id = ?',
);

export async function readAnnounced(reader: Reader, userNid: number): Promise<AnnouncedKeys> {
  const devices = new Map<string, string>();
  let crossSigning: string | undefined;
  for (const { kind, device_id: deviceId, hash } of await reader.all(ofUser, userNid)) {
    const text = Buffer.from(hash).toString('base64');
    if (kind === Kind.device) devices.set(unescapeText(deviceId), text);
    else crossSigning = text;
  }
  return { devices, crossSigning };
}

/** Notes the hash of a device, or that it is gone. */
export function announceDeviceStatement(
  userNid: number,
  deviceId: string,
  hash: string | undefined,
): Statement {
  return announce(userNid, Kind.device, escapeText(deviceId), hash);
}

/** The same for the cross-signing keys. */
export function announceSigningKeysStatement(userNid: number, hash: string | undefined): Statement {
  return announce(userNid, Kind.crossSigningKeys, '', hash);
}

function announce(
  userNid: number,
  kind: number,
  deviceId: string,
  hash: string | undefined,
): Statement {
  if (hash === undefined) return statement(remove, userNid, kind, deviceId);
  return statement(put, userNid, kind, deviceId, Buffer.from(hash, 'base64'));
}
