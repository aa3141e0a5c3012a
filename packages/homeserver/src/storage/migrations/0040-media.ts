/** The media repository. What has the same bytes is one file, named by its hash. */
export const media = `
create table media (
  media_nid {nid},
  origin text not null,
  media_id text not null,
  user_nid bigint,
  sha256 text,
  size_bytes bigint,
  media_type text not null,
  upload_name text,
  created_ts bigint not null,
  last_access_ts bigint not null,
  expires_ts bigint,
  quarantined_by text,
  safe_from_quarantine smallint not null,
  authenticated smallint not null,
  url_cache text,
  unique (origin, media_id)
);
create index media_sha256 on media (sha256);
create index media_user on media (user_nid, created_ts, size_bytes);
create index media_pending on media (user_nid, expires_ts) where sha256 is null;
create index media_accessed on media (last_access_ts);

create table media_user_totals (
  user_nid {nid},
  media_count bigint not null,
  media_bytes bigint not null
);

create table media_thumbnails (
  sha256 text not null,
  width integer not null,
  height integer not null,
  method text not null,
  animated smallint not null,
  media_type text,
  size_bytes bigint,
  primary key (sha256, width, height, method, animated)
) {without_rowid};

create table media_quarantine_changes (
  position bigint not null,
  media_nid bigint not null,
  origin text not null,
  media_id text not null,
  quarantined smallint not null,
  primary key (position, media_nid)
) {without_rowid};

create table media_loose_ends (sha256 text primary key) {without_rowid};

create table media_copies_due (
  file_key text not null,
  store text not null,
  primary key (file_key, store)
) {without_rowid};
`;
