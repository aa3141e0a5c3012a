/** Who a user is at an identity provider, and which sessions there a login came from. */
export const singleSignOn = `
create table external_ids (
  auth_provider text not null,
  external_id text not null,
  user_nid bigint not null,
  primary key (auth_provider, external_id)
) {without_rowid};
create index external_ids_user on external_ids (user_nid);

alter table login_tokens add column auth_provider text;
alter table login_tokens add column provider_session_id text;
alter table login_tokens add column extra_attributes text;
create index login_tokens_provider on login_tokens (auth_provider, provider_session_id)
  where auth_provider is not null;

alter table devices add column auth_provider text;
alter table devices add column provider_session_id text;
create index devices_provider on devices (auth_provider, provider_session_id)
  where auth_provider is not null;
`;
