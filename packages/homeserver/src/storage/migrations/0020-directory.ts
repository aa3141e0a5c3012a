/** Aliases, the published rooms, what the directory shows of rooms, history by time, and who ignores somebody. */
export const directory = `
create table room_aliases (
  alias text primary key,
  room_nid bigint not null,
  creator_nid bigint not null
) {without_rowid};
create index room_aliases_room on room_aliases (room_nid, alias);

create table published_rooms (room_nid {nid});

create table room_details (
  room_nid {nid},
  name text,
  topic text,
  avatar_url text,
  canonical_alias text,
  room_type text,
  join_rule text not null,
  world_readable smallint not null,
  guests smallint not null,
  search_text text not null
);

create index account_data_ignored on account_data (user_nid)
  where room_nid = 0 and type = 'm.ignored_user_list';

create index events_time on events (room_nid, origin_server_ts, event_order);
`;
