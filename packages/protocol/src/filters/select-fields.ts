import type { JsonObject, JsonValue } from '../canonical-json.ts';
import { valueAt } from '../property-path.ts';
import type { PropertyPath } from '../property-path.ts';

/**
 * The event with only the fields of a filter's `event_fields`. Fields that it does not have are left out; a path
 * to an object takes the whole of it. The event is not modified; what is kept whole is shared with it.
 */
export function selectFields(
  eventFields: readonly PropertyPath[] | undefined,
  event: JsonObject,
): JsonObject {
  if (eventFields === undefined) return event;
  const tree = new Map<string, Branch>();
  for (const path of eventFields) {
    const value = valueAt(event, path);
    if (value !== undefined) plant(tree, path, value);
  }
  return grow(tree);
}

/** A value that is taken whole, or what is taken of an object. */
type Branch = { readonly whole: JsonValue } | { readonly parts: Map<string, Branch> };

function plant(tree: Map<string, Branch>, path: PropertyPath, value: JsonValue): void {
  let parts = tree;
  for (const [depth, name] of path.entries()) {
    const branch = parts.get(name);
    if (branch !== undefined && 'whole' in branch) return;
    if (depth === path.length - 1) {
      parts.set(name, { whole: value });
      return;
    }
    const inner = branch?.parts ?? new Map<string, Branch>();
    parts.set(name, { parts: inner });
    parts = inner;
  }
}

// Object.fromEntries makes `__proto__` a key like any other.
function grow(parts: ReadonlyMap<string, Branch>): JsonObject {
  return Object.fromEntries(
    [...parts].map(([name, branch]) => [
      name,
      'whole' in branch ? branch.whole : grow(branch.parts),
    ]),
  );
}
