/** Rooms whose members are learned after the join (DATA-MODEL: State, `partial_rooms`). */
export const partialJoins = `
create table whole_rooms (room_nid {nid}, position bigint not null);
create index whole_rooms_position on whole_rooms (position);

create table rechecked_events (
  event_nid {nid},
  room_nid bigint not null,
  state_before bigint not null,
  state_after bigint,
  flags smallint not null,
  rejected_by text
);
create index rechecked_events_room on rechecked_events (room_nid);
`;
