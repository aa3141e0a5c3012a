/**
 * Servers with users whom state resolution left without a membership, and whether they were sent an event that stands on what
 * did so.
 */
export const serversPutOut = `
create table servers_put_out (
  room_nid bigint not null,
  server_name text not null,
  is_told smallint not null,
  primary key (room_nid, server_name)
) {without_rowid};
`;
