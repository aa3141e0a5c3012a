/** What is searched for words (CS API, "Server side search"), and how far those have read who follow the log. */
export const search = `
create table cursors (name text primary key, position bigint not null) {without_rowid};

create table search_events (
  event_nid {nid},
  room_nid bigint not null,
  sender_nid bigint not null,
  key smallint not null,
  word_count integer not null
  {only_postgres}, document tsvector not null{end}
);
{only_postgres}create index search_events_document on search_events using gin (document);{end}
{only_sqlite}
create virtual table search_index using fts5 (
  words, scope, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 0'
);
{end}
`;
