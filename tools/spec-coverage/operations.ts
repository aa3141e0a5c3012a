import { readFileSync } from 'node:fs';

/** An operation of the specification's own OpenAPI data. */
export interface SpecOperation {
  readonly method: string;
  readonly path: string;
  readonly operationId: string;
}

export interface SpecApi {
  readonly name: string;
  readonly operations: readonly SpecOperation[];
}

const FILE = new URL('../../tests/spec-schemas/operations.json', import.meta.url);
const {
  newestRelease,
  ...file
}: { readonly newestRelease: string } & Readonly<Record<string, unknown>> = JSON.parse(
  readFileSync(FILE, 'utf8'),
);

/** The newest release of the specification when its data was taken. */
export const specRelease = newestRelease;

/** The specification's APIs, in the order of `tools/spec-schemas.ts`; each sorted by path. */
export const specApis: readonly SpecApi[] = Object.entries(file)
  .filter(([, entries]) => typeof entries === 'object' && entries !== null)
  .map(([name, entries]) => ({ name, operations: readOperations(Object.entries(entries ?? {})) }));

function readOperations(entries: readonly [string, unknown][]): readonly SpecOperation[] {
  return entries
    .map(([key, operationId]) => {
      const [method = '', path = ''] = key.split(' ');
      return { method, path, operationId: String(operationId) };
    })
    .toSorted((a, b) => sortKey(a).localeCompare(sortKey(b), 'en'));
}

function sortKey({ method, path }: SpecOperation): string {
  return `${path} ${method}`;
}

/** The path without the names of its parameters, by which operations and endpoints find each other. */
export function shapeOf(path: string): string {
  return path.replaceAll(/\{\w+\}/g, '{}');
}
