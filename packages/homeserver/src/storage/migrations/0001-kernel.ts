/** The clock, the log of changes, ownership, and interned names (DATA-MODEL: One clock, Interned names). */
export const kernel = `
create table meta (name text primary key, value text not null);

create table clock (one smallint primary key, position bigint not null);
insert into clock (one, position) values (1, 0);

create table changes (
  position bigint not null,
  kind smallint not null,
  subject bigint not null,
  primary key (position, kind, subject)
) {without_rowid};

create table leases (
  kind text not null,
  shard integer not null,
  owner text not null,
  epoch bigint not null,
  primary key (kind, shard)
);

create table nid_blocks (kind text primary key, next_nid bigint not null);

create table users (user_nid {nid}, user_id text not null unique);
create table rooms (room_nid {nid}, room_id text not null unique);
create table event_ids (event_id text primary key, event_nid bigint not null) {without_rowid};
create table event_types (type_nid {nid}, type text not null unique);
create table state_keys (
  state_key_nid {nid},
  type_nid bigint not null,
  state_key text not null,
  unique (type_nid, state_key)
);
`;
