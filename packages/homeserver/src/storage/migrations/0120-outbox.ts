/** What is still to be sent to other servers (DATA-MODEL, Federation). */
export const outbox = `
create table outbox_destinations (
  server_name text primary key,
  sent_position bigint not null
) {without_rowid};

create table outbox_rooms (
  server_name text not null,
  room_nid bigint not null,
  last_order bigint not null,
  primary key (server_name, room_nid)
) {without_rowid};
create index outbox_rooms_order on outbox_rooms (server_name, last_order);

create table outbox_edus (
  server_name text not null,
  kind smallint not null,
  edu_key text not null,
  position bigint not null,
  previous bigint,
  content text not null,
  primary key (server_name, kind, edu_key)
) {without_rowid};
create index outbox_edus_order on outbox_edus (server_name, position);
create index outbox_edus_position on outbox_edus (position);

create table outbox_device_lists (
  server_name text not null,
  user_id text not null,
  stream_id bigint not null,
  primary key (server_name, user_id)
) {without_rowid};

create table event_relays (event_nid {nid}, is_sent smallint not null, except_server text);
`;
