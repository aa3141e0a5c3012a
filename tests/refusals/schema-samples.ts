/** Values for fields by their schema: one that fits, and one of another type. */
type JsonType = 'string' | 'number' | 'boolean' | 'array' | 'object' | 'null';

/** What a field of the body must not be, as a test puts it there. */
export interface WrongField {
  readonly name: string;
  readonly body: object;
}

/** Whole bodies in which one field has the wrong type. */
export function wrongFields(schema: unknown): WrongField[] {
  return propertiesOf(schema).flatMap(([name, field]) => {
    const wrong = wrongValue(field);
    if (wrong === undefined) return [];
    return [{ name, body: { ...fittingBody(schema), [name]: wrong } }];
  });
}

/** Whole bodies that lack one required field. */
export function missingFields(schema: unknown): WrongField[] {
  return requiredOf(schema).map((name) => {
    const { [name]: _left, ...body } = fittingBody(schema);
    return { name, body };
  });
}

/** A body with what is required and nothing else. */
function fittingBody(schema: unknown): Record<string, unknown> {
  const required = new Set(requiredOf(schema));
  return Object.fromEntries(
    propertiesOf(schema)
      .filter(([name]) => required.has(name))
      .map(([name, field]) => [name, fittingValue(field)]),
  );
}

function fittingValue(schema: unknown): unknown {
  const [type] = typesOf(schema);
  const values = keyword(schema, 'enum');
  if (Array.isArray(values)) return values[0];
  if (type === 'object') return fittingBody(schema);
  const samples: Readonly<Record<string, unknown>> = {
    string: 'text',
    number: 1,
    boolean: true,
    array: [],
    null: null,
  };
  return type === undefined ? {} : samples[type];
}

/** Undefined where everything is allowed. */
function wrongValue(schema: unknown): unknown {
  const allowed = typesOf(schema);
  if (allowed.length === 0) return undefined;
  const samples: readonly [JsonType, unknown][] = [
    ['number', 0.5],
    ['boolean', true],
    ['array', [{}]],
    ['object', {}],
    ['string', 'text'],
  ];
  return samples.find(([type]) => !allowed.includes(type))?.[1];
}

function typesOf(schema: unknown): JsonType[] {
  const alternatives = keyword(schema, 'anyOf');
  if (Array.isArray(alternatives)) return alternatives.flatMap(typesOf);
  if (Array.isArray(keyword(schema, 'enum'))) return ['string'];
  const constant = keyword(schema, 'const');
  if (typeof constant === 'string') return ['string'];
  const type = keyword(schema, 'type');
  switch (type) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'array':
    case 'object':
    case 'null':
      return [type];
    case 'integer':
      return ['number'];
    default:
      return [];
  }
}

/** Wrong texts of query parameters, and those that are required. */
export function wrongParameters(schema: unknown): { name: string; value: string }[] {
  return propertiesOf(schema).flatMap(([name, field]) => {
    // In a list, each value is one of its items.
    const each = typesOf(field)[0] === 'array' ? keyword(field, 'items') : field;
    const isFree = typesOf(each)[0] === 'string' && !isEnumeration(each);
    return isFree ? [] : [{ name, value: 'neither' }];
  });
}

function isEnumeration(schema: unknown): boolean {
  return Array.isArray(keyword(schema, 'enum')) || Array.isArray(keyword(schema, 'anyOf'));
}

export function requiredOf(schema: unknown): string[] {
  const required = keyword(schema, 'required');
  const defaults = new Set(
    propertiesOf(schema)
      .filter(([, field]) => keyword(field, 'default') !== undefined)
      .map(([name]) => name),
  );
  return Array.isArray(required)
    ? required.filter((name) => typeof name === 'string' && !defaults.has(name))
    : [];
}

function propertiesOf(schema: unknown): [string, unknown][] {
  return Object.entries(keyword(schema, 'properties') ?? {});
}

function keyword(schema: unknown, name: string): unknown {
  return typeof schema === 'object' && schema !== null ? Reflect.get(schema, name) : undefined;
}
