import { isJsonObject } from './canonical-json.ts';
import type { JsonObject, JsonValue } from './canonical-json.ts';

/** The names of nested properties, outermost first. */
export type PropertyPath = readonly string[];

/**
 * Parses a dot-separated property path (spec: Appendices, "Dot-separated property paths"): `\.` and `\\` stand
 * for a dot and a backslash in a name, every other backslash for itself.
 *
 * @example
 * ```ts
 * parsePropertyPath('content.m\\.relates_to.rel_type'); // => ['content', 'm.relates_to', 'rel_type']
 * ```
 */
export function parsePropertyPath(path: string): PropertyPath {
  if (!path.includes('\\')) return path.split('.');
  const names = [''];
  for (let index = 0; index < path.length; index++) {
    const character = path.charAt(index);
    const next = path.charAt(index + 1);
    if (character === '.') names.push('');
    else if (character === '\\' && (next === '.' || next === '\\')) {
      names.push(`${names.pop() ?? ''}${next}`);
      index++;
    } else names.push(`${names.pop() ?? ''}${character}`);
  }
  return names;
}

/**
 * The value at a path; undefined when a property on the way is absent or no object. Only an object's own properties
 * count, and `__proto__` is one like any other.
 *
 * @example
 * ```ts
 * const event = { content: { 'm.relates_to': { rel_type: 'm.replace' } } };
 * valueAt(event, ['content', 'm.relates_to', 'rel_type']); // => 'm.replace'
 * valueAt(event, ['content', 'body']); // => undefined
 * ```
 */
export function valueAt(object: JsonObject, path: PropertyPath): JsonValue | undefined {
  let value: JsonValue = object;
  for (const name of path) {
    if (!isJsonObject(value) || !Object.hasOwn(value, name)) return undefined;
    const inner: JsonValue | undefined = value[name];
    if (inner === undefined) return undefined;
    value = inner;
  }
  return value;
}
