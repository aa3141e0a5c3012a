/** A query's text as SQLite takes it. */
export function sqliteText(text: string): string {
  return text.replaceAll(/\{in(_texts)?\}/g, 'in (select value from json_each(?))');
}

/** The words of a migration that differ by engine, as SQLite says them. */
export function sqliteMigrationText(text: string): string {
  return text
    .replaceAll(/\{only_postgres\}.*?\{end\}/gs, '')
    .replaceAll(/\{only_sqlite\}(.*?)\{end\}/gs, '$1')
    .replaceAll('{nid}', 'integer primary key')
    .replaceAll('{bytes}', 'blob')
    .replaceAll('{without_rowid}', 'without rowid');
}
