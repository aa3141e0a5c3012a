import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { checkConfig } from './check-config.ts';
import type { Config } from './config.ts';
import { deepFreeze } from './deep-freeze.ts';
import { optionWarnings } from './option-warnings.ts';
import type { UnreadOption } from './option-warnings.ts';
import { ConfigError } from './schema/problem.ts';
import type { Problem } from './schema/problem.ts';
import { optionNames, readOptions } from './schema/read-options.ts';
import { INVALID, Site, formatPath } from './schema/site.ts';
import type { Reporter } from './schema/site.ts';
import { SECTIONS } from './sections.ts';
import { parseYaml } from './yaml-file.ts';
import type { ConfigSource } from './yaml-file.ts';

export interface LoadedConfig {
  readonly config: Config;
  /** Lines for the operator. */
  readonly warnings: readonly string[];
  /** Files that options name and that do not exist: to be written before the start. */
  readonly missingFiles: readonly MissingFile[];
}

export interface MissingFile {
  readonly path: string;
  readonly content: string;
  /** For example `a signing key`. */
  readonly what: string;
}

/** Everything found out while reading, whatever the outcome. */
interface Findings {
  readonly problems: Problem[];
  readonly unread: UnreadOption[];
  readonly warnings: string[];
  readonly missingFiles: MissingFile[];
}

/** Merges the sources, the later ones winning, and reads every section. Throws a ConfigError. */
export function parseConfig(sources: readonly ConfigSource[]): LoadedConfig {
  const { base, origins } = mergeSources(sources);
  const findings: Findings = { problems: [], unread: [], warnings: [], missingFiles: [] };
  const mapping = Object.fromEntries(
    [...origins].map(([name, source]) => [name, source.mapping[name]]),
  );
  const siteOf = (name: string): Site =>
    new Site(reporterFor(origins.get(name) ?? base, findings), [name]);

  const names = Object.values(SECTIONS).flatMap(({ options }) =>
    optionNames(Object.values(options)),
  );
  for (const name of Object.keys(mapping)) {
    if (!names.includes(name)) siteOf(name).reporter.unread([name], names);
  }
  const config = readSections(withKeyPath(mapping), siteOf);
  if (config !== undefined) checkConfig(config, siteOf);
  if (config === undefined || findings.problems.length > 0) {
    throw new ConfigError(findings.problems);
  }
  return {
    config: deepFreeze(config),
    warnings: [
      ...sources.flatMap((source) => source.warnings),
      ...findings.warnings,
      ...optionWarnings(mapping, findings.unread),
    ],
    missingFiles: findings.missingFiles,
  };
}

/** A config from a mapping as it would stand in a file; relative paths count from `folder`. */
export function configFrom(
  mapping: Readonly<Record<string, unknown>>,
  folder = process.cwd(),
): LoadedConfig {
  const file = 'the options given';
  return parseConfig([{ file, folder, mapping, lineOf: () => undefined, warnings: [] }]);
}

function mergeSources(sources: readonly ConfigSource[]): {
  /** Where an option counts as missing, and what defaults are relative to. */
  base: ConfigSource;
  origins: ReadonlyMap<string, ConfigSource>;
} {
  const origins = new Map<string, ConfigSource>();
  for (const source of sources) {
    for (const name of Object.keys(source.mapping)) origins.set(name, source);
  }
  const base = origins.get('server_name') ?? sources[0];
  if (base === undefined) throw new TypeError('parseConfig needs a source');
  return { base, origins };
}

/** Undefined where a section has a problem; all sections are read even then. */
function readSections(
  mapping: Readonly<Record<string, unknown>>,
  siteOf: (name: string) => Site,
): Config | undefined {
  const config: Record<string, unknown> = {};
  let valid = true;
  for (const [key, section] of Object.entries(SECTIONS)) {
    const values = readOptions(section.options, mapping, siteOf);
    const value = values === INVALID ? INVALID : section.assemble(values, siteOf);
    if (value === INVALID) valid = false;
    else config[key] = value;
  }
  // Every key of SECTIONS has the value that its section made.
  return valid ? (config as Config) : undefined;
}

/** Synapse's default for `signing_key_path` contains the server name. */
function withKeyPath(
  mapping: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const given = mapping['signing_key'] ?? mapping['signing_key_path'];
  const name = mapping['server_name'];
  if (given !== undefined && given !== null) return mapping;
  // Without a usable name the start is refused anyway; then this is not a problem of its own.
  return {
    ...mapping,
    signing_key_path: `${typeof name === 'string' ? name : 'server'}.signing.key`,
  };
}

function reporterFor(source: ConfigSource, findings: Findings): Reporter {
  const resolvePath = (written: string): string => resolve(source.folder, written);
  return {
    problem(path, expected, found) {
      const { file } = source;
      const line = source.lineOf(path);
      findings.problems.push({ path: formatPath(path), expected, found, file, line });
    },
    unread: (path, siblings) => findings.unread.push({ path, siblings }),
    warning: (text) => findings.warnings.push(text),
    resolvePath,
    readFile,
    readYaml: (path) => {
      const file = readFile(path);
      if ('failure' in file) return file;
      const inner = parseYaml(path, file.content);
      if (typeof inner === 'string') return { failure: inner };
      findings.warnings.push(...inner.warnings);
      return { mapping: inner.mapping, reporter: reporterFor(inner, findings) };
    },
    createFile: (path, content, what) => findings.missingFiles.push({ path, content, what }),
  };
}

function readFile(path: string): { content: string } | { failure: string } {
  try {
    return { content: readFileSync(path, 'utf8') };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return { failure: 'no such file' };
    return { failure: code === 'EACCES' ? 'no permission to read it' : String(code ?? error) };
  }
}
