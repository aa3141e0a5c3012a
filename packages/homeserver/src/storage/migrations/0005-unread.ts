/** Push rules and unread counts (DATA-MODEL, What people notice). */
export const unread = `
create table push_rules (user_nid {nid}, json text not null, position bigint not null);

create table rule_sets (rule_set_nid {nid}, hash {bytes} not null unique, json text not null);

create table user_rule_sets (
  user_nid bigint not null,
  room_nid bigint not null,
  from_position bigint not null,
  rule_set_nid bigint not null,
  primary key (user_nid, room_nid, from_position)
) {without_rowid};
create index user_rule_sets_users on user_rule_sets (rule_set_nid, user_nid);

create table unread_numbers (
  room_nid bigint not null,
  rule_set_nid bigint not null,
  thread_nid bigint not null,
  position bigint not null,
  notify_number bigint not null,
  highlight_number bigint not null,
  highlights smallint not null,
  primary key (room_nid, rule_set_nid, thread_nid, position)
) {without_rowid};

create table unread_threads (
  room_nid bigint not null,
  thread_nid bigint not null,
  rule_set_nid bigint not null,
  last_position bigint not null,
  primary key (room_nid, thread_nid, rule_set_nid)
) {without_rowid};
create index unread_threads_last on unread_threads (room_nid, last_position, rule_set_nid, thread_nid);

create table unread_redactions (
  room_nid bigint not null,
  rule_set_nid bigint not null,
  thread_nid bigint not null,
  position bigint not null,
  highlights smallint not null,
  primary key (room_nid, rule_set_nid, thread_nid, position)
) {without_rowid};

create table unread_corrections (
  user_nid bigint not null,
  room_nid bigint not null,
  thread_nid bigint not null,
  position bigint not null,
  rule_set_nid bigint not null,
  notify_delta smallint not null,
  highlight_delta smallint not null,
  primary key (user_nid, room_nid, thread_nid, position, rule_set_nid)
) {without_rowid};
create index unread_corrections_event on unread_corrections (room_nid, position);

create index memberships_local_joined on memberships (room_nid, user_nid)
  where local = 1 and membership = 1;
`;
