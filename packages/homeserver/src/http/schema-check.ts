import type { TSchema } from 'typebox';
import { Compile } from 'typebox/schema';

type Validator = ReturnType<typeof Compile>;

/** What is wrong with a value. */
export type SchemaProblem = ReturnType<Validator['Errors']>[1][number];

/**
 * A schema that values are checked against, compiled when the first one comes: most of a server's endpoints are not
 * asked for right after its start, and each check takes time and memory.
 */
export class SchemaCheck {
  readonly #schema: TSchema;
  #validator: Validator | undefined;

  constructor(schema: TSchema) {
    this.#schema = schema;
  }

  isValid(value: unknown): boolean {
    this.#validator ??= Compile(this.#schema);
    return this.#validator.Check(value);
  }

  /** Of a value that is not valid. */
  problems(value: unknown): readonly SchemaProblem[] {
    this.#validator ??= Compile(this.#schema);
    return this.#validator.Errors(value)[1];
  }
}
