/** Threads, receipts, and how far each user has read (DATA-MODEL, What people notice). */
export const ephemeral = `
create table event_threads (event_nid {nid}, thread_nid bigint not null);

create table receipts (
  room_nid bigint not null,
  user_nid bigint not null,
  receipt_type smallint not null,
  thread_nid bigint not null,
  event_nid bigint not null,
  event_order bigint not null,
  ts bigint not null,
  position bigint not null,
  primary key (room_nid, user_nid, receipt_type, thread_nid)
) {without_rowid};
create index receipts_changed on receipts (room_nid, position);

create table waiting_receipts (
  room_nid bigint not null,
  user_nid bigint not null,
  receipt_type smallint not null,
  thread_nid bigint not null,
  event_id text not null,
  ts bigint not null,
  primary key (room_nid, user_nid, receipt_type, thread_nid)
) {without_rowid};

create table read_positions (
  user_nid bigint not null,
  room_nid bigint not null,
  thread_nid bigint not null,
  position bigint not null,
  primary key (user_nid, room_nid, thread_nid)
) {without_rowid};
`;
