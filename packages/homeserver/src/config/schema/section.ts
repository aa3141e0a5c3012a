import type { OptionMap, OptionValues } from './read-options.ts';
import type { Read, Site } from './site.ts';

/** The options of one subject, and the value they become. */
export interface Section<V> {
  readonly title: string;
  readonly options: OptionMap;
  assemble(values: OptionValues<OptionMap>, siteOf: (name: string) => Site): Read<V>;
}

/** What a section's options become. */
export type SectionValue<S> = S extends Section<infer V> ? V : never;

/**
 * A section. `assemble` turns the values read into the section's part of the config, and checks
 * what concerns several options of the section together.
 */
export function section<M extends OptionMap, V>(
  title: string,
  options: M,
  assemble: (values: OptionValues<M>, siteOf: (name: string) => Site) => Read<V>,
): Section<V> {
  return {
    title,
    options,
    // The reader passes the values of exactly these options.
    assemble: (values, siteOf) => assemble(values as OptionValues<M>, siteOf),
  };
}
