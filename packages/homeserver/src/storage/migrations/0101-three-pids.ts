/** Addresses of users outside Matrix, and the proofs that an address is somebody's. */
export const threePids = `
create table three_pids (
  medium text not null,
  address text not null,
  user_nid bigint not null,
  validated_ts bigint not null,
  added_ts bigint not null,
  primary key (medium, address)
) {without_rowid};
create index three_pids_user on three_pids (user_nid);

create table three_pid_bindings (
  user_nid bigint not null,
  medium text not null,
  address text not null,
  id_server text not null,
  primary key (user_nid, medium, address, id_server)
) {without_rowid};

create table validation_sessions (
  session_id text primary key,
  medium text not null,
  address text not null,
  client_secret text not null,
  purpose text not null,
  last_send_attempt bigint not null,
  validated_ts bigint,
  created_ts bigint not null
) {without_rowid};
create index validation_sessions_address on validation_sessions (medium, address, client_secret);
create index validation_sessions_created on validation_sessions (created_ts);

create table validation_tokens (
  session_id text not null,
  token_hash {bytes} not null,
  until_ts bigint not null,
  next_link text,
  primary key (session_id, token_hash)
) {without_rowid};
`;
