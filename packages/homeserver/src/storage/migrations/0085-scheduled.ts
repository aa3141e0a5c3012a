/** Events that are sent later (MSC4140), and the threads that users follow (MSC4306). */
export const scheduled = `
create table delayed_events (
  delay_id text primary key,
  user_nid bigint not null,
  device_nid bigint,
  room_nid bigint not null,
  type text not null,
  state_key text,
  content text not null,
  delay_ms bigint not null,
  running_since_ts bigint not null,
  send_ts bigint not null,
  position bigint not null
) {without_rowid};
create index delayed_events_due on delayed_events (send_ts);
create index delayed_events_user on delayed_events (user_nid, send_ts);

create table thread_subscriptions (
  user_nid bigint not null,
  root_nid bigint not null,
  room_nid bigint not null,
  subscribed smallint not null,
  automatic smallint not null,
  position bigint not null,
  primary key (user_nid, root_nid)
) {without_rowid};
create index thread_subscriptions_changed on thread_subscriptions (user_nid, position);
`;
