import fc from 'fast-check';

/** How the values of a schema are made. */
export interface Ingredients {
  /** Text for the field of this name. */
  text(name: string): fc.Arbitrary<string>;
  /** What stands in a wrong place. */
  readonly anything: fc.Arbitrary<unknown>;
}

/** Values that fit a JSON Schema, or nearly: here and there something else stands in their place. */
export function nearly(schema: unknown, name: string, from: Ingredients): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 9, arbitrary: fitting(schema, name, from) },
    { weight: 1, arbitrary: from.anything },
  );
}

function fitting(schema: unknown, name: string, from: Ingredients): fc.Arbitrary<unknown> {
  const alternatives = keyword(schema, 'anyOf');
  if (Array.isArray(alternatives)) {
    return fc.oneof(...alternatives.map((each: unknown) => nearly(each, name, from)));
  }
  const values = keyword(schema, 'enum');
  if (Array.isArray(values)) return fc.constantFrom<unknown[]>(...values);
  const constant = keyword(schema, 'const');
  if (constant !== undefined) return fc.constant(constant);
  switch (keyword(schema, 'type')) {
    case 'object':
      return fittingObject(schema, from);
    case 'array':
      return fc.array(nearly(keyword(schema, 'items'), name, from), { maxLength: 3 });
    case 'string':
      return from.text(name);
    case 'integer':
    case 'number':
      return fc.oneof(fc.constantFrom(0, 1, -1, 2 ** 31, Number.MAX_SAFE_INTEGER), fc.integer());
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return from.anything;
  }
}

/** Required fields are there mostly, others now and then, and some that the schema does not know. */
function fittingObject(schema: unknown, from: Ingredients): fc.Arbitrary<unknown> {
  const properties = Object.entries(keyword(schema, 'properties') ?? {});
  const fields = properties.map(([name, each]) =>
    fc.tuple(fc.constant(name), nearly(each, name, from)),
  );
  const known = fc.tuple(...fields).chain((entries) => fc.subarray(entries));
  const all = fc.tuple(...fields);
  const further = from.anything.map((value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value)
      : [],
  );
  return fc
    .tuple(fc.oneof(all, known), fc.oneof(fc.constant([]), further))
    .map(([mine, others]) => Object.fromEntries([...others, ...mine]));
}

export function keyword(schema: unknown, name: string): unknown {
  return typeof schema === 'object' && schema !== null ? Reflect.get(schema, name) : undefined;
}
