import { randomBytes } from 'node:crypto';

import { query, statement } from './sql.ts';
import type { Statement } from './sql.ts';

const replace = query("update meta set value = ? where name = 'incarnation'");

/** Random text that names a database, in its sync tokens. */
export function randomIncarnation(): string {
  return randomBytes(6).toString('hex');
}

/** Gives the database a new name, so that tokens made before are known to be of another. Open it anew afterwards. */
export function newIncarnationStatement(): Statement {
  return statement(replace, randomIncarnation());
}
