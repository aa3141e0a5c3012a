import { POSITION, query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

/** `device_list_changes.observer_nid` of what all may know who share a room. */
const EVERYBODY = 0;

const put = query(
  `insert into device_list_changes (user_nid, observer_nid, position) values (?, ?, ?)
   on conflict (user_nid, observer_nid) do update set position = excluded.position`,
);
const putForRemoved = query(
  `insert into device_list_changes (user_nid, observer_nid, position)
   select cast(? as bigint), ${EVERYBODY}, cast(? as bigint)
   where exists (
     select 1 from device_keys k where k.user_nid = ? and not exists (
       select 1 from devices d where d.device_nid = k.device_nid))
   on conflict (user_nid, observer_nid) do update set position = excluded.position`,
);
const putForNamed = query(
  `insert into device_list_changes (user_nid, observer_nid, position)
   select k.user_nid, ${EVERYBODY}, cast(? as bigint)
   from device_keys k where k.device_nid = ?
   on conflict (user_nid, observer_nid) do update set position = excluded.position`,
);
const putForAll = query(
  `insert into device_list_changes (user_nid, observer_nid, position)
   select distinct k.user_nid, ${EVERYBODY}, cast(? as bigint) from device_keys k where true
   on conflict (user_nid, observer_nid) do update set position = excluded.position`,
);
const withKeys = query<{ user_nid: number }>('select distinct user_nid from device_keys');
const changed = query<{ user_nid: number }>(
  `select distinct user_nid from device_list_changes
   where position > ? and position <= ? and observer_nid in (${EVERYBODY}, ?)`,
);
const positionOf = query<{ position: number }>(
  `select position from device_list_changes where user_nid = ? and observer_nid = ${EVERYBODY}`,
);

/** Says that the user's devices or keys changed. The change must touch the user's device list. */
export function deviceListChangedStatement(userNid: number): Statement {
  return statement(put, userNid, EVERYBODY, POSITION);
}

/** The same for one observer alone, whose data the change must touch. */
export function deviceListChangedForStatement(userNid: number, observerNid: number): Statement {
  return statement(put, userNid, observerNid, POSITION);
}

/** The same where devices with keys are gone, whose keys must still be there. */
export function devicesRemovedStatement(userNid: number): Statement {
  return statement(putForRemoved, userNid, POSITION, userNid);
}

/** The same where the device has keys, which are told with its name. */
export function deviceRenamedStatement(deviceNid: number): Statement {
  return statement(putForNamed, POSITION, deviceNid);
}

/** The same for everybody who has keys. The change must touch the device list of each of them. */
export function allDeviceListsChangedStatement(): Statement {
  return statement(putForAll, POSITION);
}

export async function readUsersWithKeys(reader: Reader): Promise<number[]> {
  return (await reader.all(withKeys)).map((row) => row.user_nid);
}

/** Users whose devices or keys last changed above one position, up to and with another, as the observer may know. */
export async function readDeviceListsChanged(
  reader: Reader,
  observerNid: number,
  above: number,
  upTo: number,
): Promise<number[]> {
  return (await reader.all(changed, above, upTo, observerNid)).map((row) => row.user_nid);
}

/** Where the user's devices or keys last changed for all who may know; 0 where they never did. */
export async function readDeviceListPosition(reader: Reader, userNid: number): Promise<number> {
  return (await reader.get(positionOf, userNid))?.position ?? 0;
}
