/** What users report to those who run the server (CS API, "Reporting content"). */
export const reports = `
create table event_reports (
  report_nid {nid},
  received_ts bigint not null,
  reporter_nid bigint not null,
  event_nid bigint not null,
  room_nid bigint not null,
  sender_nid bigint not null,
  reason text,
  score bigint
);
create table user_reports (
  report_nid {nid},
  received_ts bigint not null,
  reporter_nid bigint not null,
  target_nid bigint not null,
  reason text not null
);
create table room_reports (
  report_nid {nid},
  received_ts bigint not null,
  reporter_nid bigint not null,
  room_nid bigint not null,
  reason text not null
);
`;
