import { describeFound, describeKind } from './site.ts';
import type { JsonSchema, ValueType, YamlValue } from './value-type.ts';

/** `true` or `false` (YAML 1.1, as Synapse reads it: `yes`, `no`, `on` and `off` too). */
export const flag: ValueType<boolean> = {
  expected: 'true or false',
  jsonSchema: { type: 'boolean' },
  read: (value, site) =>
    typeof value === 'boolean' ? value : site.refuse('true or false', describeFound(value)),
};

/** A text; `test` refuses what the expectation does not allow. */
export function text(
  expected = 'a text',
  test: (value: string) => boolean = (value) => value !== '',
  jsonSchema: JsonSchema = {},
): ValueType<string> {
  return {
    expected,
    jsonSchema: { type: 'string', ...jsonSchema },
    read: (value, site) =>
      typeof value === 'string' && test(value)
        ? value
        : site.refuse(expected, describeFound(value)),
  };
}

/** A text whose content is never printed. */
export const secret: ValueType<string> = {
  expected: 'a text that is not empty',
  jsonSchema: { type: 'string', minLength: 1 },
  read: (value, site) =>
    typeof value === 'string' && value !== ''
      ? value
      : site.refuse('a text that is not empty', describeKind(value)),
};

/** A file or folder, made absolute: a relative one counts from the folder of the config file. */
export const path: ValueType<string> = {
  expected: 'a path',
  jsonSchema: { type: 'string' },
  read: (value, site) =>
    typeof value === 'string' && value !== ''
      ? site.reporter.resolvePath(value)
      : site.refuse('a path', describeFound(value)),
};

export function integer(
  min: number,
  max = Number.MAX_SAFE_INTEGER,
  what = 'a whole number',
): ValueType<number> {
  const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `from ${min} to ${max}`;
  const expected = `${what} ${max === Number.MAX_SAFE_INTEGER ? 'of ' : ''}${range}`;
  return {
    expected,
    jsonSchema: { type: 'integer', minimum: min, maximum: max },
    read: (value, site) =>
      typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
        ? value
        : site.refuse(expected, describeFound(value)),
  };
}

export function number(min: number): ValueType<number> {
  const expected = `a number of ${min} or more`;
  return {
    expected,
    jsonSchema: { type: 'number', minimum: min },
    read: (value, site) =>
      typeof value === 'number' && Number.isFinite(value) && value >= min
        ? value
        : site.refuse(expected, describeFound(value)),
  };
}

/** One of the values given. */
export function oneOf<const V extends readonly (string | boolean)[]>(
  values: V,
): ValueType<V[number]> {
  const names = values.map(String);
  const expected = names.length === 1 ? String(names[0]) : `one of ${names.join(', ')}`;
  const allowed: readonly YamlValue[] = values;
  return {
    expected,
    jsonSchema: { enum: allowed },
    read: (value, site) =>
      values.find((candidate) => candidate === value) ??
      site.refuse(expected, describeFound(value)),
  };
}
