import { isJsonObject } from '../canonical-json.ts';
import type { JsonObject, JsonValue } from '../canonical-json.ts';
import { valueAt } from '../property-path.ts';
import type { PropertyPath } from '../property-path.ts';

/**
 * The event with only the fields of a filter's `event_fields` (spec: Client-Server API,
 * `POST /user/{userId}/filter`). Fields that it does not have are left out; a path to an object takes the whole of
 * it; no paths at all take nothing. The event is not modified; what is kept whole is shared with it.
 *
 * @param eventFields undefined to take everything
 * @example
 * ```ts
 * const event = { type: 'm.room.message', content: { body: 'hello', msgtype: 'm.text' } };
 * selectFields([['type'], ['content', 'body']], event); // => { type: 'm.room.message', content: { body: 'hello' } }
 * selectFields(undefined, event) === event; // => true
 * ```
 */
export function selectFields(
  eventFields: readonly PropertyPath[] | undefined,
  event: JsonObject,
): JsonObject {
  if (eventFields === undefined) return event;
  const selected: JsonObject = {};
  for (const path of eventFields) {
    const value = valueAt(event, path);
    if (value !== undefined) keep(selected, event, path, value);
  }
  return selected;
}

function keep(selected: JsonObject, event: JsonObject, path: PropertyPath, value: JsonValue): void {
  let from = event;
  let to = selected;
  for (const [index, name] of path.entries()) {
    if (index === path.length - 1) {
      setOwn(to, name, value);
      return;
    }
    const inner = from[name];
    const kept = Object.hasOwn(to, name) ? to[name] : setOwn(to, name, {});
    // Another path has taken the whole of it.
    if (kept === inner || !isJsonObject(inner) || !isJsonObject(kept)) return;
    [from, to] = [inner, kept];
  }
}

// An assignment to `__proto__` would not make a property of that name.
function setOwn(object: JsonObject, name: string, value: JsonValue): JsonValue {
  const property = { value, configurable: true, enumerable: true, writable: true };
  Object.defineProperty(object, name, property);
  return value;
}
