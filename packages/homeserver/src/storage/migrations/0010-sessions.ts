/** What a session may outlive, who may begin one or an account, and the rest of a profile. */
export const sessions = `
alter table accounts add column erased smallint not null default 0;
alter table accounts add column departing smallint not null default 0;
create index accounts_departing on accounts (user_nid) where departing = 1;

alter table access_tokens add column valid_until_ts bigint;
alter table access_tokens add column refresh_nid bigint;
create index access_tokens_refresh on access_tokens (refresh_nid) where refresh_nid is not null;

create table refresh_tokens (
  refresh_nid {nid},
  token_hash {bytes} not null unique,
  user_nid bigint not null,
  device_nid bigint not null,
  replaces_nid bigint,
  valid_until_ts bigint,
  session_end_ts bigint
);
create index refresh_tokens_device on refresh_tokens (device_nid);
create index refresh_tokens_user on refresh_tokens (user_nid);
create index refresh_tokens_replaces on refresh_tokens (replaces_nid)
  where replaces_nid is not null;

create table login_tokens (
  token_hash {bytes} not null primary key,
  user_nid bigint not null,
  valid_until_ts bigint not null
) {without_rowid};
create index login_tokens_user on login_tokens (user_nid);

create table registration_tokens (
  token text primary key,
  uses_allowed bigint,
  completed bigint not null,
  expiry_ts bigint
) {without_rowid};

create table profile_fields (
  user_nid bigint not null,
  name text not null,
  value text not null,
  primary key (user_nid, name)
) {without_rowid};
`;
