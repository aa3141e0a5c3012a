/**
 * Keys of devices and users, who must be told that they changed, messages between devices, backups of room keys
 * (CS API, End-to-end encryption; DATA-MODEL, What people notice).
 */
export const encryption = `
create table device_keys (device_nid {nid}, user_nid bigint not null, json text not null);
create index device_keys_user on device_keys (user_nid);

create table one_time_keys (
  user_nid bigint not null,
  device_nid bigint not null,
  algorithm text not null,
  key_id text not null,
  position bigint not null,
  ordinal integer not null,
  json text not null,
  unsigned_hash {bytes} not null,
  primary key (user_nid, device_nid, algorithm, key_id)
) {without_rowid};
create index one_time_keys_order
  on one_time_keys (user_nid, device_nid, algorithm, position, ordinal);

create table fallback_keys (
  user_nid bigint not null,
  device_nid bigint not null,
  algorithm text not null,
  key_id text not null,
  json text not null,
  used smallint not null,
  primary key (user_nid, device_nid, algorithm)
) {without_rowid};

create table cross_signing_keys (
  user_nid bigint not null,
  usage smallint not null,
  json text not null,
  primary key (user_nid, usage)
) {without_rowid};

create table key_signatures (
  target_nid bigint not null,
  target text not null,
  signer_nid bigint not null,
  key_id text not null,
  signature text not null,
  primary key (target_nid, target, signer_nid, key_id)
) {without_rowid};

create table device_list_changes (
  user_nid bigint not null,
  observer_nid bigint not null,
  position bigint not null,
  primary key (user_nid, observer_nid)
) {without_rowid};
create index device_list_changes_position on device_list_changes (position);

create table to_device_messages (
  user_nid bigint not null,
  device_nid bigint not null,
  position bigint not null,
  sender_nid bigint not null,
  type text not null,
  content text not null,
  primary key (user_nid, device_nid, position)
) {without_rowid};

create table to_device_transactions (
  user_nid bigint not null,
  device_nid bigint not null,
  hash {bytes} not null,
  ts bigint not null,
  primary key (user_nid, device_nid, hash)
) {without_rowid};
create index to_device_transactions_age on to_device_transactions (user_nid, device_nid, ts);

create table dehydrated_devices (
  user_nid {nid},
  device_nid bigint not null,
  device_data text not null
);

create table key_backups (
  user_nid bigint not null,
  version bigint not null,
  algorithm text not null,
  auth_data text not null,
  etag bigint not null,
  deleted smallint not null,
  primary key (user_nid, version)
) {without_rowid};

create table key_backup_sessions (
  user_nid bigint not null,
  version bigint not null,
  room_id text not null,
  session_id text not null,
  is_verified smallint not null,
  first_message_index bigint not null,
  forwarded_count bigint not null,
  session_data text not null,
  position bigint not null,
  primary key (user_nid, version, room_id, session_id)
) {without_rowid};
create index key_backup_sessions_changed on key_backup_sessions (user_nid, version, position);
`;
