/** Accounts, their devices and tokens, and what users keep on the server. */
export const accounts = `
create table accounts (
  user_nid {nid},
  password_hash text,
  admin smallint not null,
  guest smallint not null,
  deactivated smallint not null,
  locked smallint not null,
  suspended smallint not null,
  user_type text,
  created_ts bigint not null
);

create table devices (
  device_nid {nid},
  user_nid bigint not null,
  device_id text not null,
  display_name text,
  created_ts bigint not null,
  last_seen_ts bigint,
  last_seen_ip text,
  last_seen_user_agent text,
  unique (user_nid, device_id)
);

create table access_tokens (
  token_nid {nid},
  token_hash {bytes} not null unique,
  user_nid bigint not null,
  device_nid bigint,
  position bigint not null
);
create index access_tokens_device on access_tokens (device_nid);
create index access_tokens_user on access_tokens (user_nid);

create table profiles (user_nid {nid}, display_name text, avatar_url text);

create table account_data (
  user_nid bigint not null,
  room_nid bigint not null,
  type text not null,
  content text not null,
  position bigint not null,
  primary key (user_nid, room_nid, type)
) {without_rowid};
create index account_data_changed on account_data (user_nid, position);

create table filters (
  user_nid bigint not null,
  filter_id bigint not null,
  hash {bytes} not null,
  json text not null,
  primary key (user_nid, filter_id)
) {without_rowid};
create unique index filters_identical on filters (user_nid, hash);
`;
