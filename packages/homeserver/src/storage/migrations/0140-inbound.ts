/** Events of other servers: their place in the graph, and those that wait for it (DATA-MODEL: State, Federation). */
export const inbound = `
alter table events add column state_after bigint;
update events set state_after = coalesce(
    (select n.state_before from events n
     where n.room_nid = events.room_nid and n.event_order > events.event_order
     order by n.event_order limit 1),
    (select h.snapshot_nid from room_heads h where h.room_nid = events.room_nid))
  where state_key_nid is not null and event_order is not null and flags & 7 = 0;

create unique index snapshots_lineage on snapshots (lineage, lineage_index);

create table backward_extremities (
  event_nid bigint not null,
  child_nid bigint not null,
  room_nid bigint not null,
  primary key (event_nid, child_nid)
) {without_rowid};
create index backward_extremities_room on backward_extremities (room_nid, event_nid);

create table imported_members (
  snapshot_nid bigint not null,
  user_nid bigint not null,
  event_nid bigint not null,
  membership smallint not null,
  local smallint not null,
  display_name text,
  avatar_url text,
  primary key (snapshot_nid, user_nid)
) {without_rowid};

create table inbox (
  inbox_nid {nid},
  room_nid bigint not null,
  event_id text not null,
  origin text not null,
  received_ts bigint not null,
  attempts integer not null,
  next_try_ts bigint not null,
  json text not null
);
create unique index inbox_event on inbox (room_nid, event_id);

create table received_transactions (
  origin text not null,
  transaction_id text not null,
  received_ts bigint not null,
  answer text not null,
  primary key (origin, transaction_id)
) {without_rowid};
create index received_transactions_age on received_transactions (received_ts);
`;
