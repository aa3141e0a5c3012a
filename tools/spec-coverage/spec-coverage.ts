import { servedEndpoints } from '../../tests/harness/served-endpoints.ts';
import { isRequestOf } from './matches.ts';
import { shapeOf, specApis, specRelease, type SpecOperation } from './operations.ts';
import { answeredWithout, knownMissing, otherRoleOf } from './roles.ts';
import { readTestRequests } from './test-requests.ts';

const SHOWN_MAX = 5;

interface Row {
  readonly operation: SpecOperation;
  /** Who serves it where a homeserver does not. */
  readonly otherRole: string | undefined;
  /** The `operationId` of Soma's endpoint. */
  readonly endpoint: string | undefined;
  /** The fixed answer of a server without the feature. */
  readonly refusal: string | undefined;
  readonly tests: readonly string[];
}

export interface SpecCoverage {
  /** `docs/reference/spec-coverage.md` */
  readonly page: string;
  /** What `npm run check` fails for. */
  readonly problems: readonly string[];
}

export function readSpecCoverage(): SpecCoverage {
  // A file that makes few kinds of requests is more about each of them.
  const requests = [...readTestRequests()].toSorted(([, a], [, b]) => a.length - b.length);
  const endpoints = new Map(
    servedEndpoints.flatMap(({ method, paths, operationId }) =>
      paths.map((path) => [`${method} ${shapeOf(path)}`, operationId]),
    ),
  );
  const rowOf = (operation: SpecOperation): Row => ({
    operation,
    otherRole: otherRoleOf(operation.path),
    endpoint: endpoints.get(`${operation.method} ${shapeOf(operation.path)}`),
    refusal: answeredWithout.get(`${operation.method} ${operation.path}`),
    tests: requests
      .filter(([, made]) => made.some((each) => isRequestOf(each, operation)))
      .map(([file]) => file),
  });
  const sections = specApis.map(({ name, operations }) => ({ name, rows: operations.map(rowOf) }));
  const rows = sections.flatMap((section) => section.rows);
  return { page: renderPage(sections, rows), problems: problemsIn(rows) };
}

function nameOf({ operation: { method, path } }: Row): string {
  return `${method} ${path}`;
}

function problemsIn(rows: readonly Row[]): string[] {
  const missing = rows.filter(isMissing).map(nameOf);
  const untested = rows.filter(
    ({ endpoint, refusal, tests }) =>
      (endpoint !== undefined || refusal !== undefined) && tests.length === 0,
  );
  const names = new Set(rows.map(nameOf));
  return [
    ...missing
      .filter((name) => !knownMissing.includes(name))
      .map(
        (name) => `${name}: no endpoint serves it, and it is not among those known to be missing`,
      ),
    ...knownMissing
      .filter((name) => !missing.includes(name))
      .map((name) => `${name}: known to be missing, but it is served, or no operation at all`),
    ...[...answeredWithout.keys()]
      .filter((name) => !names.has(name))
      .map((name) => `${name}: answered without its feature, but no operation at all`),
    ...rows
      .filter(({ endpoint, refusal }) => endpoint !== undefined && refusal !== undefined)
      .map((row) => `${nameOf(row)}: answered without its feature, but it is served`),
    ...untested.map((row) => `${nameOf(row)}: no test makes a request of it`),
  ];
}

function isMissing({ otherRole, endpoint, refusal }: Row): boolean {
  return otherRole === undefined && endpoint === undefined && refusal === undefined;
}

function renderPage(
  sections: readonly { readonly name: string; readonly rows: readonly Row[] }[],
  rows: readonly Row[],
): string {
  const own = rows.filter(({ otherRole }) => otherRole === undefined);
  const served = own.filter(({ endpoint }) => endpoint !== undefined);
  const refused = own.filter(({ refusal }) => refusal !== undefined);
  const lines = [
    '<!-- Written by "npm run generate" from the source; do not edit. -->',
    '',
    '# Coverage of the specification',
    '',
    `Every operation of the Matrix specification's own data (${specRelease} and what was merged after it), the endpoint of`,
    'Soma that serves it by its name in [openapi.json](openapi.json), and test files that request it, the most',
    'specific first. A request is found by reading the tests with the functions that they call; those that try',
    'every endpoint with wrong tokens, wrong bodies and random input (`tests/refusals.test.ts`, `tests/fuzz/`) are',
    'not counted.',
    '',
    `Of ${rows.length} operations a homeserver serves ${own.length}; Soma serves ${served.length} of them.`,
    `It answers ${refused.length} as the specification wants it of a server without the feature.`,
    '`npm run check` fails when one goes missing that is not among those known to be missing',
    '(`tools/spec-coverage/roles.ts`), and when one is served and requested by no test.',
  ];
  for (const { name, rows: inApi } of sections) lines.push('', ...renderSection(name, inApi));
  return `${lines.join('\n')}\n`;
}

function renderSection(name: string, rows: readonly Row[]): string[] {
  const title = `${name.charAt(0).toUpperCase()}${name.slice(1).replaceAll('-', ' ')} API`;
  return [
    `## ${title}`,
    '',
    '| operation | served by | requested in |',
    '|---|---|---|',
    ...rows.map((row) => {
      const by = row.otherRole ?? row.endpoint ?? row.refusal ?? '**not yet served**';
      return `| \`${nameOf(row)}\` | ${by} | ${testsCell(row)} |`;
    }),
  ];
}

/** The paths of test files, without what they have in common. */
function testsCell({ otherRole, tests }: Row): string {
  if (otherRole !== undefined) return '';
  const names = tests
    .slice(0, SHOWN_MAX)
    .map((file) => file.replace('packages/homeserver/src/', '').replace(/\.test\.ts$/, ''));
  return [...names, ...(tests.length > SHOWN_MAX ? ['and more'] : [])].join(', ');
}
