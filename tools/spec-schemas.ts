// Writes tests/spec-schemas/ from a checkout of the Matrix specification:
//
//     node tools/spec-schemas.ts <path of the checkout>
//
// Only the structure is taken (types, required fields, enumerations, patterns), no text and no examples.

import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { SchemaReader } from './spec-schemas/schema-reader.ts';
import type { Json } from './spec-schemas/schema-reader.ts';

const TARGET = new URL('../tests/spec-schemas/', import.meta.url);
const METHODS = ['get', 'put', 'post', 'delete'];
/** Those whose answers tests check. */
const CHECKED_APIS = ['client-server', 'server-server'];
const APIS = ['client-server', 'server-server', 'application-service', 'push-gateway', 'identity'];

function run([checkout]: readonly string[]): void {
  if (checkout === undefined) throw new Error('usage: node tools/spec-schemas.ts <checkout>');
  write('responses.json', checkout, 'operations', readOperations);
  write('event-contents.json', checkout, 'contents', readEventContents);
  const reader = new SchemaReader(join(checkout, 'data'));
  const names = APIS.map((api): [string, Record<string, Json>] => [
    api,
    readOperationIds(reader, join(checkout, 'data/api', api)),
  ]);
  writeBlocks('operations.json', checkout, names);
}

/** Writes one entry a line, so that a change of the specification is a readable difference. */
function write(
  name: string,
  checkout: string,
  key: string,
  read: (reader: SchemaReader, folder: string) => Record<string, Json>,
): void {
  const reader = new SchemaReader(join(checkout, 'data'));
  const entries = read(reader, join(checkout, 'data'));
  writeBlocks(name, checkout, [
    [key, entries],
    ['$defs', reader.definitions()],
  ]);
}

function writeBlocks(
  name: string,
  checkout: string,
  blocks: readonly [key: string, entries: Record<string, Json>][],
): void {
  const head = Object.entries(originOf(checkout)).map(([field, value]) => line(field, value));
  const text = [...head, ...blocks.map(([key, entries]) => block(key, entries))].join(',\n');
  writeFileSync(new URL(name, TARGET), `{\n${text}\n}\n`);
}

function block(key: string, entries: Record<string, Json>): string {
  const lines = Object.entries(entries).map(([name, value]) => line(name, value));
  return `${JSON.stringify(key)}: {\n${lines.join(',\n')}\n}`;
}

function line(name: string, value: unknown): string {
  return `${JSON.stringify(name)}: ${JSON.stringify(value)}`;
}

function originOf(checkout: string): Record<string, string> {
  const commit = execFileSync('git', ['-C', checkout, 'rev-parse', 'HEAD'], { encoding: 'utf8' });
  const releases = readdirSync(join(checkout, 'content/changelog'))
    .filter((name) => /^v\d+\.\d+\.md$/.test(name))
    .map((name) => name.slice(0, -'.md'.length))
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return {
    origin: 'https://github.com/matrix-org/matrix-spec',
    commit: commit.trim(),
    newestRelease: releases.at(-1) ?? 'none',
    licence: 'Apache-2.0, The Matrix.org Foundation C.I.C.',
    madeBy: 'tools/spec-schemas.ts',
  };
}

/** `GET /_matrix/client/v3/sync` → status → schema, for the statuses that have one. */
function readOperations(reader: SchemaReader, data: string): Record<string, Json> {
  const operations: Record<string, Json> = {};
  for (const api of CHECKED_APIS) {
    for (const { key, file, operation } of operationsIn(reader, join(data, 'api', api))) {
      operations[key] ??= readResponses(reader, file, operation);
    }
  }
  return operations;
}

/** `GET /_matrix/client/v3/sync` → `sync` */
function readOperationIds(reader: SchemaReader, folder: string): Record<string, Json> {
  const ids: Record<string, Json> = {};
  for (const { key, operation } of operationsIn(reader, folder)) {
    ids[key] ??= String(reader.at(operation, 'operationId'));
  }
  return ids;
}

interface FoundOperation {
  readonly key: string;
  readonly file: string;
  readonly operation: unknown;
}

function* operationsIn(reader: SchemaReader, folder: string): Generator<FoundOperation> {
  for (const name of readdirSync(folder).toSorted()) {
    if (!name.endsWith('.yaml')) continue;
    const file = join(folder, name);
    const document = reader.load(file);
    const base = reader.at(document, 'servers', '0', 'variables', 'basePath', 'default');
    for (const [path, item] of reader.entries(reader.at(document, 'paths'))) {
      for (const [method, operation] of reader.entries(item)) {
        if (!METHODS.includes(method)) continue;
        // The second flavour of an endpoint has a space after its path.
        const key = `${method.toUpperCase()} ${String(base)}${path.trim()}`;
        yield { key, file, operation };
      }
    }
  }
}

function readResponses(reader: SchemaReader, file: string, operation: unknown): Json {
  const responses: Record<string, Json> = {};
  for (const [status, response] of reader.entries(reader.at(operation, 'responses'))) {
    const target = reader.follow(file, response);
    const schema = reader.at(target.value, 'content', 'application/json', 'schema');
    if (schema !== undefined) responses[status] = reader.read(target.file, schema);
  }
  return responses;
}

/** Event type → schema of the content. */
function readEventContents(reader: SchemaReader, data: string): Record<string, Json> {
  const folder = join(data, 'event-schemas/schema');
  const contents: Record<string, Json> = {};
  for (const name of readdirSync(folder).toSorted()) {
    if (!name.endsWith('.yaml') || name.includes('$')) continue;
    const file = join(folder, name);
    const content = reader.at(reader.load(file), 'properties', 'content');
    if (content !== undefined)
      contents[name.slice(0, -'.yaml'.length)] = reader.read(file, content);
  }
  return contents;
}

run(process.argv.slice(2));
