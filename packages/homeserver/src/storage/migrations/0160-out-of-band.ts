/** Memberships of rooms that this server is not in: which version the room has, and who can answer for it. */
export const outOfBand = `
create table out_of_band_memberships (
  user_nid bigint not null,
  room_nid bigint not null,
  room_version text not null,
  servers text not null,
  primary key (user_nid, room_nid)
) {without_rowid};
`;
