import type { Read, Site } from './site.ts';

export type YamlValue =
  | null
  | boolean
  | number
  | string
  | readonly YamlValue[]
  | { readonly [key: string]: YamlValue };

/** A fragment of JSON Schema. */
export type JsonSchema = { readonly [key: string]: YamlValue };

/** How a value is written in YAML, checked, and turned into what the server works with. */
export interface ValueType<T> {
  /** Completes "expected …". */
  readonly expected: string;
  readonly jsonSchema: JsonSchema;
  /** Whether `null` takes the default away, in place of leaving it. */
  readonly nullMeansNone?: true;
  /** The options inside, where the value is a mapping or a list of mappings. */
  readonly fields?: readonly OptionFacts[];
  read(value: unknown, site: Site): Read<T>;
}

/** What an option says about itself, apart from the type of its value. */
export interface OptionFacts {
  /** The name in the file: Synapse's, where Synapse has the option. */
  readonly name: string;
  readonly description: string;
  /** Written as in the file; absent where leaving the option out means "not set". */
  readonly default: YamlValue | undefined;
  readonly example: YamlValue | undefined;
  /** Where Soma differs from Synapse. */
  readonly differs: string | undefined;
  readonly required: boolean;
  /** Checked, but nothing in Soma reads it yet. */
  readonly later: boolean;
  /** Name of the option that gives the file which holds the value. */
  readonly pathName: string | undefined;
  /** What to write where the file at `pathName` does not exist. */
  readonly generate: Generator | undefined;
  readonly valueType: ValueType<unknown>;
}

/** Makes the content of a file that an option names and that does not exist. */
export interface Generator {
  /** Completes "made …". */
  readonly what: string;
  content(): string;
}

/** An option whose value is a T once read. */
export interface Option<T> extends OptionFacts {
  readonly valueType: ValueType<T>;
}
