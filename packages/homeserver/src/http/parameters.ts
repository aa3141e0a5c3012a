import type { TObject, TSchema } from 'typebox';

import type { MatrixError } from '../errors/matrix-error.ts';
import { invalidParam, missingParam } from '../errors/matrix-error.ts';
import { SchemaCheck } from './schema-check.ts';

type Kind = 'string' | 'integer' | 'number' | 'boolean';

interface Parameter {
  readonly name: string;
  readonly kind: Kind;
  readonly isList: boolean;
  readonly defaultValue: unknown;
}

/** Where a parameter stands, for the messages. */
export type Place = 'query parameter' | 'path parameter';

/**
 * Makes typed values of the strings in a query or path, by one schema. Names that the schema does not
 * have are left out, unless it says `additionalProperties`. A name that is given more than once counts
 * once, with its first value, unless the schema has an array there.
 */
export class ParameterReader {
  readonly #parameters: ReadonlyMap<string, Parameter>;
  readonly #defaults: readonly Parameter[];
  readonly #keepsOthers: boolean;
  readonly #check: SchemaCheck;
  readonly #place: Place;

  constructor(schema: TObject, place: Place) {
    const parameters = Object.entries(schema.properties).map(([name, each]) =>
      describe(name, each),
    );
    this.#parameters = new Map(parameters.map((each) => [each.name, each]));
    this.#defaults = parameters.filter(({ defaultValue }) => defaultValue !== undefined);
    const others = keyword(schema, 'additionalProperties');
    this.#keepsOthers = others !== undefined && others !== false;
    this.#check = new SchemaCheck(schema);
    this.#place = place;
  }

  /** Throws M_INVALID_PARAM for a wrong value, M_MISSING_PARAM for an absent one. */
  fromParams(params: Readonly<Record<string, string | undefined>>): unknown {
    const values: Record<string, unknown> = {};
    for (const name in params) {
      const text = params[name];
      if (text !== undefined) this.#add(values, name, text);
    }
    return this.#complete(values);
  }

  /** `text` is what follows the question mark. */
  fromQuery(text: string): unknown {
    const values: Record<string, unknown> = {};
    let start = 0;
    while (start < text.length) {
      const ampersand = text.indexOf('&', start);
      const end = ampersand === -1 ? text.length : ampersand;
      if (end > start) this.#addPair(values, text.slice(start, end));
      start = end + 1;
    }
    return this.#complete(values);
  }

  #addPair(values: Record<string, unknown>, pair: string): void {
    const equals = pair.indexOf('=');
    const encodedName = equals === -1 ? pair : pair.slice(0, equals);
    const name = decodeFormText(encodedName);
    if (name === undefined || !(this.#keepsOthers || this.#parameters.has(name))) return;
    const value = equals === -1 ? '' : decodeFormText(pair.slice(equals + 1));
    if (value === undefined) {
      throw invalidParam(`The ${this.#place} ${name} is not valid percent-encoding`);
    }
    this.#add(values, name, value);
  }

  #add(values: Record<string, unknown>, name: string, text: string): void {
    const parameter = this.#parameters.get(name);
    if (parameter === undefined) {
      if (this.#keepsOthers && !Object.hasOwn(values, name)) values[name] = text;
      return;
    }
    if (parameter.isList) {
      const list = values[name];
      const value = this.#convert(parameter, text);
      if (Array.isArray(list)) list.push(value);
      else values[name] = [value];
    } else if (!Object.hasOwn(values, name)) {
      values[name] = this.#convert(parameter, text);
    }
  }

  #convert(parameter: Parameter, text: string): unknown {
    if (parameter.kind === 'string') return text;
    const value = convert(parameter.kind, text);
    if (value === undefined) {
      const wanted = parameter.kind === 'boolean' ? 'true or false' : `a valid ${parameter.kind}`;
      throw invalidParam(`The ${this.#place} ${parameter.name} must be ${wanted}`);
    }
    return value;
  }

  #complete(values: Record<string, unknown>): unknown {
    for (const { name, defaultValue } of this.#defaults) {
      if (!Object.hasOwn(values, name)) values[name] = defaultValue;
    }
    if (!this.#check.isValid(values)) throw this.#refusal(values);
    return values;
  }

  #refusal(values: unknown): MatrixError {
    const problems = this.#check.problems(values);
    const absent = problems.find(({ keyword: name }) => name === 'required');
    if (absent?.keyword === 'required') {
      return missingParam(`Missing ${this.#place} ${absent.params.requiredProperties.join(', ')}`);
    }
    const problem = problems.at(-1);
    if (problem === undefined) return invalidParam(`A ${this.#place} has the wrong value`);
    const name = problem.instancePath.split('/')[1] ?? '';
    return invalidParam(`The ${this.#place} ${name} ${problem.message}`);
  }
}

function convert(kind: Kind, text: string): number | boolean | undefined {
  if (kind === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined;
  const pattern = kind === 'integer' ? /^[+-]?\d{1,16}$/ : /^[+-]?\d{1,32}(?:\.\d{1,32})?$/;
  if (!pattern.test(text)) return undefined;
  const value = Number(text);
  return kind === 'number' || Number.isSafeInteger(value) ? value : undefined;
}

/** Decodes a name or value of `application/x-www-form-urlencoded`; undefined if it is malformed. */
export function decodeFormText(text: string): string | undefined {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

/** The first value of `name` in the text after the question mark, decoded. */
export function findInQuery(text: string, name: string): string | undefined {
  for (const pair of text.split('&')) {
    const equals = pair.indexOf('=');
    if (decodeFormText(equals === -1 ? pair : pair.slice(0, equals)) === name) {
      return equals === -1 ? '' : decodeFormText(pair.slice(equals + 1));
    }
  }
  return undefined;
}

function keyword(schema: TSchema, name: string): unknown {
  return Reflect.get(schema, name);
}

function describe(name: string, schema: TSchema): Parameter {
  const items = keyword(schema, 'items');
  const isList = keyword(schema, 'type') === 'array' && typeof items === 'object' && items !== null;
  return {
    name,
    kind: kindOf(name, isList ? items : schema),
    isList,
    defaultValue: keyword(schema, 'default'),
  };
}

function kindOf(name: string, schema: TSchema): Kind {
  const type = keyword(schema, 'type');
  switch (type) {
    case 'string':
    case 'integer':
    case 'number':
    case 'boolean':
      return type;
    default:
      break;
  }
  // An enumeration of strings, or a union of string literals.
  const alternatives: unknown = keyword(schema, 'anyOf');
  if (Array.isArray(keyword(schema, 'enum'))) return 'string';
  if (Array.isArray(alternatives)) {
    const kinds = new Set(alternatives.map((each: TSchema) => kindOf(name, each)));
    const [kind] = kinds;
    if (kinds.size === 1 && kind !== undefined) return kind;
  }
  throw new TypeError(`The parameter ${name} has a schema that text cannot be converted to`);
}
