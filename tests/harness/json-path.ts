/** The value found by following names and indexes into JSON; undefined where one is absent. */
export function valueAt(value: unknown, ...path: readonly (string | number)[]): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) {
      return undefined;
    }
    current = Reflect.get(current, step);
  }
  return current;
}

/** As `valueAt`, for a string that must be there. */
export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = valueAt(value, ...path);
  return typeof found === 'string' ? found : refuse(value, path, 'a string');
}

/** As `valueAt`, for an array that must be there. */
export function listAt(value: unknown, ...path: readonly (string | number)[]): unknown[] {
  const found: unknown = valueAt(value, ...path);
  return Array.isArray(found) ? found : refuse(value, path, 'an array');
}

function refuse(value: unknown, path: readonly (string | number)[], expected: string): never {
  throw new Error(`expected ${expected} at ${path.join('.') || 'the top'} of ${print(value)}`);
}

function print(value: unknown): string {
  return JSON.stringify(value, null, 2) ?? 'nothing';
}
