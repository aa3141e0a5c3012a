import { readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { LineCounter, parseDocument } from 'yaml';
import type { Document } from 'yaml';

import { isMapping } from './schema/compounds.ts';
import { describeFound } from './schema/site.ts';
import type { PathSegment } from './schema/site.ts';
import { StartRefusal } from './start-refusal.ts';

/** A config file that was read, or a mapping given in its place. */
export interface ConfigSource {
  /** The name to print: as the operator gave it. */
  readonly file: string;
  /** What relative paths in it count from. */
  readonly folder: string;
  readonly mapping: Readonly<Record<string, unknown>>;
  /** Where an option stands, counted from 1; undefined where it does not stand in the file. */
  lineOf(path: readonly PathSegment[]): number | undefined;
  /** Text for the operator that does not stop the start. */
  readonly warnings: readonly string[];
}

/** The files to read for what was given on the command line: of a folder, its `*.yaml`, sorted. */
export function expandConfigPaths(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    if (!statConfigPath(path).isDirectory()) return [path];
    const names = readdirSync(path).filter((name) => name.endsWith('.yaml'));
    const files = names
      .toSorted()
      .map((name) => join(path, name))
      .filter((file) => statSync(file).isFile());
    if (files.length === 0)
      throw new StartRefusal(`There is no *.yaml file in the folder ${path}.`);
    return files;
  });
}

/** Reads files of YAML 1.1, which is what Synapse reads. Throws one StartRefusal for all of them. */
export function readYamlFiles(files: readonly string[]): ConfigSource[] {
  const failures: string[] = [];
  const sources = files.flatMap((file) => {
    const source = parseYaml(file, readConfigFile(file));
    if (typeof source !== 'string') return [source];
    failures.push(source);
    return [];
  });
  if (failures.length > 0) {
    throw new StartRefusal(['The configuration cannot be read as YAML:', ...failures].join('\n  '));
  }
  return sources;
}

/** The source, or what is wrong with the text: `<file>:<line>:<column>: <what>`. */
export function parseYaml(file: string, text: string): ConfigSource | string {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { version: '1.1', lineCounter, prettyErrors: false });
  const place = (offset: number): string => {
    const { line, col } = lineCounter.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const duplicates = document.errors.filter(({ code }) => code === 'DUPLICATE_KEY');
  // The parser goes on after the first error; what it reports then mostly follows from that one.
  const error = [...document.errors, ...document.warnings].find(
    ({ code }) => code !== 'DUPLICATE_KEY',
  );
  if (error !== undefined) return `${place(error.pos[0])}: ${error.message}`;
  const content: unknown = document.toJS() ?? {};
  if (!isMapping(content)) {
    return `${file}:1:1: expected a mapping of options, found ${describeFound(content)}`;
  }
  return {
    file,
    folder: dirname(resolve(file)),
    mapping: content,
    lineOf: (path) => lineOf(document, lineCounter, path),
    warnings: duplicates.map(
      ({ pos }) => `${place(pos[0])}: the option stands here a second time; the last one counts.`,
    ),
  };
}

function lineOf(
  document: Document,
  lineCounter: LineCounter,
  path: readonly PathSegment[],
): number | undefined {
  const node: unknown = document.getIn(path, true);
  if (!isMapping(node) || !Array.isArray(node['range'])) return undefined;
  const [start]: unknown[] = node['range'];
  return typeof start === 'number' ? lineCounter.linePos(start).line : undefined;
}

function statConfigPath(path: string): { isDirectory(): boolean } {
  try {
    return statSync(path);
  } catch {
    throw new StartRefusal(`The config file ${path} does not exist or cannot be reached.`);
  }
}

function readConfigFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new StartRefusal(`The config file ${path} cannot be read.`, { cause: error });
  }
}
