/** What other servers were told of the devices and keys of users of this server (SS API, Device Management). */
export const announcedDevices = `
create table announced_devices (
  user_nid bigint not null,
  kind smallint not null,
  device_id text not null,
  hash {bytes} not null,
  primary key (user_nid, kind, device_id)
) {without_rowid};
`;
