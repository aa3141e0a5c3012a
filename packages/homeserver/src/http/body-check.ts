import type { TSchema } from 'typebox';

import type { MatrixError } from '../errors/matrix-error.ts';
import { badJson, missingParam } from '../errors/matrix-error.ts';
import { fieldPathLengthMax } from './limits.ts';
import { SchemaCheck } from './schema-check.ts';
import type { SchemaProblem } from './schema-check.ts';

/** The check of bodies against one schema. A value passes as it is or not at all. */
export class BodyCheck {
  readonly #check: SchemaCheck;

  constructor(schema: TSchema) {
    this.#check = new SchemaCheck(schema);
  }

  /** Throws M_MISSING_PARAM for a field that is absent, M_BAD_JSON for a wrong one. */
  check(value: unknown): void {
    if (!this.#check.isValid(value)) throw refusal(value, this.#check.problems(value));
  }
}

function refusal(value: unknown, problems: readonly SchemaProblem[]): MatrixError {
  // Inside a union each alternative complains; the union's own problem says enough.
  const problem =
    problems.find(({ schemaPath }) => !/\/(?:anyOf|oneOf)\//.test(schemaPath)) ?? problems[0];
  if (problem === undefined) return badJson('Content does not have the expected shape');
  const field = fieldName(problem.instancePath);
  if (problem.keyword === 'required') {
    const names = problem.params.requiredProperties.map((name) =>
      field === '' ? name : `${field}.${name}`,
    );
    return missingParam(`Missing required field: ${names.join(', ')}`);
  }
  if (field === '') return badJson(rootMessage(value, problem));
  return badJson(`Field ${field} ${problem.message}`);
}

function rootMessage(value: unknown, problem: SchemaProblem): string {
  if (problem.keyword !== 'type') return `Content ${problem.message}`;
  const found = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  return `Content ${problem.message}, found ${found}`;
}

/** `/content/tags/0` (a JSON pointer) as `content.tags.0`. */
export function fieldName(pointer: string): string {
  const name = pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .join('.');
  return name.length > fieldPathLengthMax ? `${name.slice(0, fieldPathLengthMax)}…` : name;
}
