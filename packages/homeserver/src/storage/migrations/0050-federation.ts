/** Other servers: how to reach them, and the keys they sign with (DATA-MODEL, Federation). */
export const federation = `
create table destinations (
  server_name text primary key,
  failing_since_ts bigint not null,
  last_tried_ts bigint not null,
  retry_interval_ms bigint not null
) {without_rowid};

create table server_keys (
  server_name text not null,
  key_id text not null,
  public_key text not null,
  valid_until_ts bigint not null,
  is_old smallint not null,
  fetched_ts bigint not null,
  document text not null,
  primary key (server_name, key_id)
);
`;
