/** Events, their order, state and memberships (DATA-MODEL: The room graph, State). */
export const roomGraph = `
create table room_versions (room_nid {nid}, version text not null, create_event_nid bigint not null);

create table events (
  event_nid {nid},
  event_id text not null,
  room_nid bigint not null,
  type_nid bigint not null,
  state_key_nid bigint,
  sender_nid bigint not null,
  depth bigint not null,
  origin_server_ts bigint not null,
  event_order bigint,
  state_before bigint,
  flags smallint not null,
  rejected_by text,
  device_nid bigint,
  transaction_id text,
  format smallint not null,
  json text not null
);
create unique index events_order on events (room_nid, event_order);
create index events_history on events (room_nid, depth, event_order);
create index events_transaction on events (device_nid, transaction_id)
  where transaction_id is not null;

create table event_edges (
  event_nid bigint not null,
  kind smallint not null,
  to_event_nid bigint not null,
  primary key (event_nid, kind, to_event_nid)
) {without_rowid};

create table forward_extremities (
  room_nid bigint not null,
  event_nid bigint not null,
  primary key (room_nid, event_nid)
) {without_rowid};

create table failed_pulls (
  event_nid {nid},
  attempts integer not null,
  next_try_ts bigint not null
);

create table relations (
  parent_nid bigint not null,
  child_nid bigint not null,
  relation_type text not null,
  relation_key text,
  primary key (parent_nid, child_nid)
) {without_rowid};
create index relations_child on relations (child_nid);

create table redactions (
  target_nid bigint not null,
  redaction_nid bigint not null,
  valid smallint,
  primary key (target_nid, redaction_nid)
) {without_rowid};

create table snapshots (
  snapshot_nid {nid},
  room_nid bigint not null,
  lineage bigint not null,
  lineage_index bigint not null,
  ancestor_nid bigint,
  hash bigint not null
);
create index snapshots_hash on snapshots (room_nid, hash);

create table snapshot_deltas (
  snapshot_nid bigint not null,
  state_key_nid bigint not null,
  event_nid bigint,
  primary key (snapshot_nid, state_key_nid)
) {without_rowid};

create table current_state (
  room_nid bigint not null,
  type_nid bigint not null,
  state_key_nid bigint not null,
  event_nid bigint not null,
  primary key (room_nid, type_nid, state_key_nid)
) {without_rowid};

create table room_heads (room_nid {nid}, snapshot_nid bigint not null);

create table state_changes (
  room_nid bigint not null,
  position bigint not null,
  state_key_nid bigint not null,
  old_event_nid bigint,
  new_event_nid bigint,
  primary key (room_nid, position, state_key_nid)
) {without_rowid};
create index state_changes_key on state_changes (room_nid, state_key_nid, position);

create table memberships (
  room_nid bigint not null,
  user_nid bigint not null,
  membership smallint not null,
  event_nid bigint not null,
  position bigint not null,
  local smallint not null,
  forgotten smallint not null,
  display_name text,
  avatar_url text,
  stripped_state text,
  primary key (user_nid, room_nid)
) {without_rowid};
create index memberships_room on memberships (room_nid, membership, position, user_nid);
create index memberships_changed on memberships (user_nid, position);

create table room_summaries (
  room_nid {nid},
  joined_count integer not null,
  invited_count integer not null,
  local_joined_count integer not null
);

create table partial_rooms (
  room_nid {nid},
  join_event_nid bigint not null,
  resident text not null,
  servers_in_room text not null,
  position bigint not null,
  device_list_position bigint not null
);
`;
