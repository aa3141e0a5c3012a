import type { Generator, Option, ValueType, YamlValue } from './value-type.ts';

interface Spec<T> {
  readonly name: string;
  readonly valueType: ValueType<T>;
  readonly description: string;
  readonly example?: YamlValue;
  readonly differs?: string;
  readonly later?: true;
}

type Optional<T> = Spec<T> & { readonly default?: undefined; readonly required?: undefined };
type Defaulted<T> = Spec<T> & { readonly default: YamlValue };
type Required<T> = Spec<T> & { readonly required: true };

/** One option: the one source of its parsing, its validation, its documentation and its schema. */
export function option<T>(spec: Defaulted<T> | Required<T>): Option<T>;
export function option<T>(spec: Optional<T>): Option<T | undefined>;
export function option<T>(
  spec: Spec<T> & {
    readonly default?: YamlValue | undefined;
    readonly required?: true | undefined;
  },
): Option<T | undefined> {
  return {
    name: spec.name,
    valueType: spec.valueType,
    description: spec.description,
    default: spec.default,
    example: spec.example,
    differs: spec.differs,
    required: spec.required === true,
    later: spec.later === true,
    pathName: undefined,
    generate: undefined,
  };
}

/** An option that may stand in a file of its own, named by `<name>_path` (or `pathName`). */
export function fileOption<T>(
  spec: Spec<T> & { readonly pathName?: string; readonly generate?: Generator },
): Option<T | undefined> {
  return {
    ...option(spec),
    pathName: spec.pathName ?? `${spec.name}_path`,
    generate: spec.generate,
  };
}
