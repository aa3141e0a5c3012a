/** What orders and filters the rooms of a user (DATA-MODEL: What people notice); filled for the rooms that there are. */
export const slidingSync = `
create table room_listings (
  room_nid {nid},
  bump_position bigint not null,
  encrypted smallint not null
);

insert into room_listings (room_nid, bump_position, encrypted)
select v.room_nid,
  coalesce((
    select max(e.event_order) from events e join event_types t on t.type_nid = e.type_nid
    where e.room_nid = v.room_nid and e.flags & 7 = 0 and t.type in ('m.room.create', 'm.room.message',
      'm.room.encrypted', 'm.sticker', 'm.call.invite', 'm.poll.start', 'm.beacon_info')), 0),
  case when exists (
    select 1 from current_state c
    join event_types t on t.type_nid = c.type_nid
    join state_keys s on s.state_key_nid = c.state_key_nid
    where c.room_nid = v.room_nid and t.type = 'm.room.encryption' and s.state_key = ''
  ) then 1 else 0 end
from room_versions v;
`;
