import type { Query } from '../../sql.ts';

const IN_LIST = '= any (array(select json_array_elements_text(?::json)::bigint))';
const IN_TEXTS = '= any (array(select json_array_elements_text(?::json)))';

const texts = new Map<number, string>();

/** A query's text with PostgreSQL's numbered parameters. Question marks inside quotes stay. */
export function postgresText(of: Query<unknown>): string {
  const found = texts.get(of.nid);
  if (found !== undefined) return found;
  const made = numberParameters(
    of.text.replaceAll('{in}', IN_LIST).replaceAll('{in_texts}', IN_TEXTS),
  );
  texts.set(of.nid, made);
  return made;
}

/** `a = ? and b = '?'` → `a = $1 and b = '?'`. */
export function numberParameters(text: string): string {
  let count = 0;
  return text.replaceAll(/'[^']*'|\?/g, (found) => {
    if (found !== '?') return found;
    count += 1;
    return `$${count}`;
  });
}

/** The words of a migration that differ by engine, as PostgreSQL says them. */
export function postgresMigrationText(text: string): string {
  return text
    .replaceAll(/\{only_sqlite\}.*?\{end\}/gs, '')
    .replaceAll(/\{only_postgres\}(.*?)\{end\}/gs, '$1')
    .replaceAll('{nid}', 'bigint primary key')
    .replaceAll('{bytes}', 'bytea')
    .replaceAll('{without_rowid}', '');
}
