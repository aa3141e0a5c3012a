import { isJsonObject } from '../canonical-json.ts';
import type { JsonObject, JsonValue } from '../canonical-json.ts';

/** Reads the properties of one object of a filter and remembers the first that has the wrong type. */
export class FilterReader {
  readonly #object: JsonObject;
  readonly #path: string;
  readonly #faults: Fault[];

  constructor(value: unknown, path = '', faults: Fault[] = []) {
    this.#path = path;
    this.#faults = faults;
    this.#object = isJsonObject(value) ? value : {};
    if (!isJsonObject(value)) faults.push({ path, reason: 'must be an object' });
  }

  /** The first fault found in this object or one inside it. */
  get fault(): Fault | undefined {
    return this.#faults[0];
  }

  /** A reader of a property; an absent property is an empty object. */
  object(name: string): FilterReader {
    return new FilterReader(this.#own(name) ?? {}, this.#pathOf(name), this.#faults);
  }

  boolean(name: string): boolean | undefined {
    const value = this.#own(name);
    if (value === undefined || typeof value === 'boolean') return value;
    return this.#refuse(name, 'must be a boolean');
  }

  count(name: string): number | undefined {
    const value = this.#own(name);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    return this.#refuse(name, 'must be an integer that is not negative');
  }

  oneOf<Option extends string>(name: string, options: readonly Option[]): Option | undefined {
    const value = this.#own(name);
    if (value === undefined) return undefined;
    const option = options.find((candidate) => candidate === value);
    return option ?? this.#refuse(name, `must be one of ${options.join(', ')}`);
  }

  strings(name: string): string[] | undefined {
    const value = this.#own(name);
    if (value === undefined) return undefined;
    const texts = Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
    if (Array.isArray(value) && texts.length === value.length) return texts;
    return this.#refuse(name, 'must be a list of strings');
  }

  /** A list of strings that all start with a sigil. */
  identifiers(name: string, sigil: string): ReadonlySet<string> | undefined {
    const texts = this.strings(name);
    if (texts?.every((text) => text.startsWith(sigil)) === false) {
      return this.#refuse(name, `must hold identifiers that start with ${sigil}`);
    }
    return texts === undefined ? undefined : new Set(texts);
  }

  #own(name: string): JsonValue | undefined {
    return Object.hasOwn(this.#object, name) ? this.#object[name] : undefined;
  }

  #pathOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }

  #refuse(name: string, reason: string): undefined {
    this.#faults.push({ path: this.#pathOf(name), reason });
    return undefined;
  }
}

/** A property of the wrong type. */
export interface Fault {
  readonly path: string;
  readonly reason: string;
}
