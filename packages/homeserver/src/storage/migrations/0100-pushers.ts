/**
 * Who is told of what happens, and what each is still to be told. `push_queue.event_nid` is 0 where only the number
 * of what is unread has changed.
 */
export const pushers = `
create table pushers (
  pusher_nid {nid},
  user_nid bigint not null,
  device_nid bigint,
  key_hash {bytes} not null,
  kind text not null,
  app_id text not null,
  pushkey text not null,
  json text not null,
  enabled smallint not null,
  from_position bigint not null,
  pushkey_ts bigint not null,
  badge bigint,
  next_ts bigint not null,
  failures integer not null,
  failing_since_ts bigint,
  unique (key_hash, user_nid)
);
create index pushers_user on pushers (user_nid);

create table push_queue (
  pusher_nid bigint not null,
  position bigint not null,
  event_nid bigint not null,
  room_nid bigint not null,
  actions text not null,
  queued_ts bigint not null,
  primary key (pusher_nid, position, event_nid)
) {without_rowid};

create table email_throttles (
  pusher_nid bigint not null,
  room_nid bigint not null,
  last_event_ts bigint not null,
  last_sent_ts bigint not null,
  wait_ms bigint not null,
  primary key (pusher_nid, room_nid)
) {without_rowid};
`;
