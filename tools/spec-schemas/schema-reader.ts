import { readFileSync, realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import { parse } from 'yaml';

export type Json = string | number | boolean | null | readonly Json[] | { [key: string]: Json };

/** Keywords whose value is a schema, a list of schemas, or schemas by name. */
const SCHEMA = new Set(['items', 'additionalProperties', 'propertyNames', 'not']);
const SCHEMA_LISTS = new Set(['allOf', 'anyOf', 'oneOf']);
const SCHEMA_MAPS = new Set(['properties', 'patternProperties']);
/** Keywords that are kept as they are. */
const PLAIN = new Set([
  'type',
  'required',
  'enum',
  'const',
  'format',
  'pattern',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'minLength',
  'maxLength',
]);

/** Reads schemas out of the specification's files; what they refer to becomes a definition. */
export class SchemaReader {
  readonly #root: string;
  readonly #documents = new Map<string, unknown>();
  readonly #definitions = new Map<string, Json>();

  /** @param root the specification's folder `data` */
  constructor(root: string) {
    this.#root = realpathSync(root);
  }

  load(file: string): unknown {
    const path = realpathSync(file);
    let document = this.#documents.get(path);
    if (document === undefined) {
      document = parse(readFileSync(path, 'utf8'));
      this.#documents.set(path, document);
    }
    return document;
  }

  at(value: unknown, ...path: readonly string[]): unknown {
    let found = value;
    for (const name of path) {
      found = new Map<string, unknown>(this.entries(found)).get(name);
    }
    return found;
  }

  entries(value: unknown): [string, unknown][] {
    return typeof value === 'object' && value !== null ? Object.entries(value) : [];
  }

  /** The value itself, or what its `$ref` names, with the file that it stands in. */
  follow(file: string, value: unknown): { file: string; value: unknown } {
    const reference = this.at(value, '$ref');
    if (typeof reference !== 'string') return { file, value };
    const [path = '', pointer = ''] = reference.trim().split('#');
    const target = path === '' ? realpathSync(file) : realpathSync(join(dirname(file), path));
    const names = pointer.split('/').filter((name) => name !== '');
    return { file: target, value: this.at(this.load(target), ...names) };
  }

  /** The structure of a schema: types and names, no text. */
  read(file: string, schema: unknown): Json {
    if (typeof schema === 'boolean') return schema;
    const reference = this.at(schema, '$ref');
    if (typeof reference === 'string') return { $ref: this.#define(file, schema, reference) };
    const kept: Record<string, Json> = {};
    for (const [keyword, value] of this.entries(schema)) {
      if (PLAIN.has(keyword)) kept[keyword] = JSON.parse(JSON.stringify(value));
      else if (SCHEMA.has(keyword)) kept[keyword] = this.read(file, value);
      else if (SCHEMA_LISTS.has(keyword)) {
        kept[keyword] = this.entries(value).map(([, each]) => this.read(file, each));
      } else if (SCHEMA_MAPS.has(keyword)) {
        const named = this.entries(value).map(([name, each]) => [name, this.read(file, each)]);
        kept[keyword] = Object.fromEntries(named);
      }
    }
    return kept;
  }

  definitions(): Record<string, Json> {
    return Object.fromEntries([...this.#definitions].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  #define(file: string, schema: unknown, reference: string): string {
    const target = this.follow(file, schema);
    const pointer = reference.trim().split('#')[1] ?? '';
    const path = relative(this.#root, target.file).replace(/\.yaml$/, '');
    const name = `${path}${pointer}`.replaceAll('/', '.');
    if (!this.#definitions.has(name)) {
      // A schema may refer to itself: its name is taken before it is read.
      this.#definitions.set(name, {});
      this.#definitions.set(name, this.read(target.file, target.value));
    }
    return `#/$defs/${name}`;
  }
}
