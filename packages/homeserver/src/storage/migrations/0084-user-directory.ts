/** By which words users are found (CS API, "User Directory"), and what they prove themselves with elsewhere. */
export const userDirectory = `
create table directory_users (
  user_nid {nid},
  user_id text not null,
  display_name text,
  avatar_url text,
  local smallint not null
);

create table directory_words (
  word {bytes} not null,
  user_nid bigint not null,
  primary key (word, user_nid)
) {without_rowid};
create index directory_words_user on directory_words (user_nid);

create table openid_tokens (
  token_hash {bytes} not null primary key,
  user_nid bigint not null,
  valid_until_ts bigint not null
) {without_rowid};
create index openid_tokens_expiry on openid_tokens (valid_until_ts);
`;
