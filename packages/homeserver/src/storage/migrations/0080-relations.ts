/** What the aggregations of events are read from (CS API, "Aggregations of child events", "Threading"). */
export const relations = `
alter table relations add column child_order bigint;
alter table relations add column sender_nid bigint not null default 0;
alter table relations add column type_nid bigint not null default 0;
alter table relations add column ts bigint not null default 0;
alter table relations add column replacement_id text;
create index relations_order on relations (parent_nid, child_order);
create index relations_typed on relations (parent_nid, relation_type, child_order);
create index relations_sender on relations (parent_nid, relation_type, sender_nid);
create index relations_replacements on relations (parent_nid, ts, replacement_id)
  where replacement_id is not null;

create table indirect_relations (
  ancestor_nid bigint not null,
  child_nid bigint not null,
  distance smallint not null,
  relation_type text not null,
  child_order bigint not null,
  type_nid bigint not null,
  primary key (ancestor_nid, child_nid)
) {without_rowid};
create index indirect_relations_child on indirect_relations (child_nid);
create index indirect_relations_order on indirect_relations (ancestor_nid, child_order);
create index indirect_relations_typed on indirect_relations (ancestor_nid, relation_type, child_order);

create table threads (
  root_nid {nid},
  room_nid bigint not null,
  latest_order bigint not null,
  reply_count bigint not null
);
create index threads_latest on threads (room_nid, latest_order);

create table thread_participants (
  room_nid bigint not null,
  user_nid bigint not null,
  root_nid bigint not null,
  primary key (room_nid, user_nid, root_nid)
) {without_rowid};

delete from relations where child_nid in (select event_nid from events where flags >= 16)
  or exists (select 1 from events p, events c where p.event_nid = parent_nid
    and c.event_nid = child_nid and p.room_nid <> c.room_nid);
update relations set
  child_order = (select event_order from events where event_nid = child_nid),
  sender_nid = (select sender_nid from events where event_nid = child_nid),
  type_nid = (select type_nid from events where event_nid = child_nid),
  ts = (select origin_server_ts from events where event_nid = child_nid);
update relations set replacement_id =
    (select event_id from events where event_nid = child_nid)
  where relation_type = 'm.replace'
    and exists (select 1 from events p, events c where p.event_nid = parent_nid
      and c.event_nid = child_nid and p.sender_nid = c.sender_nid and p.type_nid = c.type_nid
      and p.state_key_nid is null and c.state_key_nid is null)
    and not exists (select 1 from relations r where r.child_nid = relations.parent_nid
      and r.relation_type = 'm.replace');
insert into threads (root_nid, room_nid, latest_order, reply_count)
  select r.parent_nid, e.room_nid, max(r.child_order), count(*)
  from relations r join events e on e.event_nid = r.parent_nid
  where r.relation_type = 'm.thread' and r.child_order is not null
  group by r.parent_nid, e.room_nid;
insert into thread_participants (room_nid, user_nid, root_nid)
  select t.room_nid, e.sender_nid, t.root_nid from threads t join events e on e.event_nid = t.root_nid
  union
  select t.room_nid, r.sender_nid, t.root_nid from threads t
  join relations r on r.parent_nid = t.root_nid and r.relation_type = 'm.thread';
`;
