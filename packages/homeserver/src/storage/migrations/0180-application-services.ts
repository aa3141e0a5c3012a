/**
 * What application services are told, and what they keep here. `body` of a service's queue is the transaction that it
 * has not taken yet; `network_rooms` are the rooms that it publishes.
 */
export const applicationServices = `
alter table accounts add column service_id text;

create table service_queues (
  service_id text primary key,
  number bigint not null,
  transaction_id text not null,
  body text
) {without_rowid};

create table network_rooms (
  network_id text not null,
  room_nid bigint not null,
  service_id text not null,
  primary key (network_id, room_nid, service_id)
) {without_rowid};
create index network_rooms_room on network_rooms (room_nid);
`;
