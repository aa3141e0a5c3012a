/**
 * Memberships of rooms that this server is not in (DATA-MODEL: State). Their events are not in the room graph, so that
 * nothing stands on what nobody has checked against the room; `memberships.event_nid` names one of these then.
 */
export const outOfBand = `
create table out_of_band_memberships (
  user_nid bigint not null,
  room_nid bigint not null,
  event_nid bigint not null,
  room_version text not null,
  servers text not null,
  event_id text not null,
  replaced_event_id text,
  sender_nid bigint not null,
  json text not null,
  primary key (user_nid, room_nid)
) {without_rowid};
create unique index out_of_band_event on out_of_band_memberships (event_nid);
`;
