/**
 * What application services are still to be told of memberships of rooms that this server is not in. Of what
 * happened before, and a service has not read yet, the last is known.
 */
export const serviceMemberships = `
create table service_memberships (
  service_id text not null,
  position bigint not null,
  room_nid bigint not null,
  event_id text not null,
  json text not null,
  stripped_state text,
  primary key (service_id, position)
) {without_rowid};
insert into service_memberships (service_id, position, room_nid, event_id, json, stripped_state)
select a.service_id, m.position, m.room_nid, o.event_id, o.json, m.stripped_state
from out_of_band_memberships o
join memberships m
  on m.user_nid = o.user_nid and m.room_nid = o.room_nid and m.event_nid = o.event_nid
join accounts a on a.user_nid = o.user_nid
join cursors c on c.name = 'application_service ' || a.service_id
where m.position > c.position;
`;
