import { optionNames, readOptions } from './read-options.ts';
import type { OptionMap, OptionValues } from './read-options.ts';
import { INVALID, describeFound } from './site.ts';
import type { Read, Site } from './site.ts';
import type { JsonSchema, OptionFacts, ValueType, YamlValue } from './value-type.ts';

/** A mapping with known keys; the others are reported as unread. */
export function object<M extends OptionMap>(options: M): ValueType<OptionValues<M>> {
  const fields = Object.values(options);
  const names = optionNames(fields);
  return {
    expected: 'a mapping',
    jsonSchema: objectSchema(fields),
    fields,
    read(value, site) {
      if (!isMapping(value)) return site.refuse('a mapping', describeFound(value));
      for (const key of Object.keys(value)) {
        if (!names.includes(key)) site.reporter.unread([...site.path, key], names);
      }
      return readOptions(options, value, (name) => site.child(name));
    },
  };
}

/** The JSON schema of a mapping with these options; keys it does not name stay allowed. */
export function objectSchema(options: readonly OptionFacts[]): JsonSchema {
  const properties: Record<string, YamlValue> = {};
  for (const option of options) {
    properties[option.name] = {
      description: option.description,
      ...option.valueType.jsonSchema,
      ...(option.default === undefined ? {} : { default: option.default }),
    };
    if (option.pathName !== undefined) {
      properties[option.pathName] = {
        description: `The file that holds ${option.name}.`,
        type: 'string',
      };
    }
  }
  const required = options.filter((option) => option.required).map((option) => option.name);
  return { type: 'object', properties, ...(required.length === 0 ? {} : { required }) };
}

/** A list; every entry is read, so that all problems in it are reported at once. */
export function listOf<T>(entry: ValueType<T>, entriesMin = 0): ValueType<readonly T[]> {
  const list = entriesMin === 0 ? 'a list' : `a list of ${entriesMin} or more`;
  const expected = `${list}, each entry ${entry.expected}`;
  return {
    expected,
    jsonSchema: { type: 'array', items: entry.jsonSchema, minItems: entriesMin },
    ...(entry.fields === undefined ? {} : { fields: entry.fields }),
    read(value, site) {
      if (!Array.isArray(value) || value.length < entriesMin) {
        return site.refuse(expected, describeFound(value));
      }
      return allValid(value.map((item, index) => entry.read(item, site.child(index))));
    },
  };
}

/** A mapping with keys of the operator's choice. */
export function mapOf<T>(entry: ValueType<T>): ValueType<Readonly<Record<string, T>>> {
  const expected = `a mapping, each value ${entry.expected}`;
  return {
    expected,
    jsonSchema: { type: 'object', additionalProperties: entry.jsonSchema },
    ...(entry.fields === undefined ? {} : { fields: entry.fields }),
    read(value, site) {
      if (!isMapping(value)) return site.refuse(expected, describeFound(value));
      const entries = allValid(
        Object.entries(value).map(([key, item]): Read<[string, T]> => {
          const inner = entry.read(item, site.child(key));
          return inner === INVALID ? INVALID : [key, inner];
        }),
      );
      return entries === INVALID ? INVALID : Object.fromEntries(entries);
    },
  };
}

/** A mapping taken as it is, as JSON. */
export const anyMapping: ValueType<{ readonly [key: string]: unknown }> = {
  expected: 'a mapping',
  jsonSchema: { type: 'object' },
  read: (value, site) =>
    isMapping(value) ? value : site.refuse('a mapping', describeFound(value)),
};

/** Reads with `valueType`, then turns or checks the result further; `convert` reports its own problems. */
export function convert<A, B>(
  valueType: ValueType<A>,
  change: (value: A, site: Site) => Read<B>,
): ValueType<B> {
  return {
    ...valueType,
    read(value, site) {
      const read = valueType.read(value, site);
      return read === INVALID ? INVALID : change(read, site);
    },
  };
}

/** Says what is expected in other words than the type's own. */
export function expecting<T>(expected: string, valueType: ValueType<T>): ValueType<T> {
  return { ...valueType, expected };
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
  );
}

function allValid<T>(values: readonly Read<T>[]): Read<readonly T[]> {
  const valid: T[] = [];
  for (const value of values) {
    if (value === INVALID) return INVALID;
    valid.push(value);
  }
  return valid;
}
