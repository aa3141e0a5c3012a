/** What pages looked like, one row for each time that one was fetched. */
export const urlPreviews = `
create table url_previews (
  url_hash {bytes} not null,
  fetched_ts bigint not null,
  expires_ts bigint not null,
  etag text,
  image text,
  preview text not null,
  primary key (url_hash, fetched_ts)
) {without_rowid};
create index url_previews_expiry on url_previews (expires_ts);
create index url_previews_image on url_previews (image) where image is not null;
create index media_url_cache on media (created_ts) where url_cache is not null;
`;
