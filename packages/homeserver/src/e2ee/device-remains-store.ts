import type { DeviceFollower } from '../accounts/device-follower.ts';
import { query, statement } from '../storage/sql.ts';
import type { Query } from '../storage/sql.ts';
import { deviceRenamedStatement, devicesRemovedStatement } from './device-list-store.ts';

/** What of a table belongs to devices that the user no longer has. */
function removeRemains(table: string): Query {
  return query(
    `delete from ${table} where user_nid = ? and device_nid not in
       (select d.device_nid from devices d where d.user_nid = ?)`,
  );
}

function removeAll(table: string): Query {
  return query(`delete from ${table} where user_nid = ?`);
}

const remains = [
  'device_keys',
  'one_time_keys',
  'fallback_keys',
  'to_device_messages',
  'to_device_transactions',
  'dehydrated_devices',
].map(removeRemains);
const ofAccount = [
  ...['cross_signing_keys', 'key_backups', 'key_backup_sessions'].map(removeAll),
  query('delete from key_signatures where target_nid = ?'),
];

/** Takes what is kept for a device away with it, and notes that others must be told. */
export const deviceRemains: DeviceFollower = {
  removed: (userNid) => [
    devicesRemovedStatement(userNid),
    ...remains.map((each) => statement(each, userNid, userNid)),
  ],
  renamed: (deviceNid) => [deviceRenamedStatement(deviceNid)],
  ended: (userNid) => ofAccount.map((each) => statement(each, userNid)),
};
