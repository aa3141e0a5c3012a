import { INVALID, describeFound } from './site.ts';
import type { Read, Site } from './site.ts';
import type { Option, OptionFacts } from './value-type.ts';

export type OptionMap = Readonly<Record<string, Option<unknown>>>;

/** The values of a map of options, under the map's own (camelCase) keys. */
export type OptionValues<M extends OptionMap> = {
  readonly [K in keyof M]: M[K] extends Option<infer T> ? T : never;
};

/**
 * Reads every option of the map from a YAML mapping. `siteOf` says where each one stands; unknown
 * keys of the mapping are the caller's to report.
 */
export function readOptions<M extends OptionMap>(
  options: M,
  mapping: Readonly<Record<string, unknown>>,
  siteOf: (name: string) => Site,
): Read<OptionValues<M>> {
  const values: Record<string, unknown> = {};
  let valid = true;
  for (const [key, option] of Object.entries(options)) {
    const value = readOption(option, mapping, siteOf);
    if (value === INVALID) valid = false;
    else values[key] = value;
  }
  // The loop above filled every key of the map with the value its type read.
  return valid ? (values as OptionValues<M>) : INVALID;
}

/** Every name under which the options may be written. */
export function optionNames(options: readonly OptionFacts[]): string[] {
  return options.flatMap(({ name, pathName }) =>
    pathName === undefined ? [name] : [name, pathName],
  );
}

function readOption(
  option: Option<unknown>,
  mapping: Readonly<Record<string, unknown>>,
  siteOf: (name: string) => Site,
): Read<unknown> {
  if (mapping[option.name] === null && option.valueType.nullMeansNone === true) return undefined;
  const given = mapping[option.name] ?? undefined;
  const site = siteOf(option.name);
  if (option.pathName !== undefined) {
    const path = mapping[option.pathName] ?? undefined;
    if (path !== undefined) {
      const pathSite = siteOf(option.pathName);
      if (given !== undefined) {
        return pathSite.refuse(`only one of ${option.name} and ${option.pathName}`, 'both');
      }
      return readFromFile(option, path, pathSite);
    }
  }
  if (given !== undefined) return option.valueType.read(given, site);
  if (option.required) return site.refuse(option.valueType.expected, 'nothing: it is required');
  if (option.default === undefined) return undefined;
  return option.valueType.read(option.default, site);
}

function readFromFile(option: OptionFacts, path: unknown, site: Site): Read<unknown> {
  if (typeof path !== 'string' || path === '') return site.refuse('a path', describeFound(path));
  const absolute = site.reporter.resolvePath(path);
  const file = site.reporter.readFile(absolute);
  if ('content' in file) {
    return option.valueType.read(file.content.replace(/(\r?\n)+$/, ''), site);
  }
  if (option.generate === undefined || file.failure !== 'no such file') {
    return site.refuse('a readable file', `${absolute}: ${file.failure}`);
  }
  const content = option.generate.content();
  site.reporter.createFile(absolute, `${content}\n`, option.generate.what);
  return option.valueType.read(content, site);
}
