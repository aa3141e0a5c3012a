/**
 * Devices of users of other servers, as far as they are followed, and which messages to devices have come (SS API,
 * Device Management, Send-to-device messaging). Cross-signing keys stand with those of this server's users.
 */
export const remoteDevices = `
create table remote_device_lists (user_nid {nid}, stream_id bigint);

create table remote_devices (
  user_nid bigint not null,
  device_id text not null,
  display_name text,
  json text not null,
  primary key (user_nid, device_id)
) {without_rowid};

create table device_list_resyncs (
  user_nid {nid},
  server_name text not null,
  marked_position bigint not null,
  attempts integer not null,
  next_try_ts bigint not null
);
create index device_list_resyncs_due on device_list_resyncs (next_try_ts);
create index device_list_resyncs_server on device_list_resyncs (server_name);

create table received_to_device (hash {bytes} primary key, ts bigint not null) {without_rowid};
create index received_to_device_age on received_to_device (ts);
`;
