import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

import { clientEndpoints } from '../packages/homeserver/src/client-server/endpoints.ts';
import { renderJsonSchema } from '../packages/homeserver/src/config/render/json-schema.ts';
import { renderReferencePage } from '../packages/homeserver/src/config/render/reference-page.ts';
import { renderSampleConfig } from '../packages/homeserver/src/config/render/sample-config.ts';
import { somaVersion } from '../packages/homeserver/src/config/soma-version.ts';
import { openApiDocument } from '../packages/homeserver/src/http/openapi.ts';
import { serverEndpoints } from '../packages/homeserver/src/server-server/endpoints.ts';
import { adminEndpoints } from '../packages/homeserver/src/synapse-admin/endpoints.ts';
import { authFixtureFiles } from '../packages/protocol/testing/auth-fixtures.ts';
import { readSpecCoverage } from './spec-coverage/spec-coverage.ts';

const ROOT = new URL('../', import.meta.url);
const specCoverage = readSpecCoverage();

/** What is generated, by its path in the repository. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/reference/config.md', renderReferencePage()],
    ['docs/reference/config.schema.json', renderJsonSchema()],
    ['docs/reference/sample-homeserver.yaml', renderSampleConfig('example.org')],
    ['docs/reference/openapi.json', renderOpenApi()],
    ['docs/reference/spec-coverage.md', specCoverage.page],
    ...authFixtures(),
  ]);
}

function authFixtures(): [path: string, content: string][] {
  return [...authFixtureFiles()].map(([path, content]) => [
    `packages/protocol/fixtures/auth-rules/${path}`,
    content,
  ]);
}

/** Every endpoint that Soma serves, as tools for HTTP interfaces read it. */
function renderOpenApi(): string {
  const document = openApiDocument([...clientEndpoints, ...adminEndpoints, ...serverEndpoints], {
    title: 'Soma',
    version: somaVersion(),
  });
  return `${JSON.stringify(document, null, 1)}\n`;
}

/** The generated files that differ from what stands in the repository. */
export function driftedFiles(): string[] {
  return [...generatedFiles()]
    .filter(([path, content]) => readIfThere(path) !== content)
    .map(([path]) => path);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(new URL(path, ROOT), 'utf8');
  } catch {
    return undefined;
  }
}

function run(args: readonly string[]): void {
  const drifted = driftedFiles();
  for (const problem of specCoverage.problems) console.error(problem);
  if (specCoverage.problems.length > 0) process.exitCode = 1;
  if (args.includes('--check')) {
    for (const path of drifted) console.error(`${path} is out of date: run "npm run generate".`);
    if (drifted.length > 0) process.exitCode = 1;
    return;
  }
  for (const [path, content] of generatedFiles()) {
    mkdirSync(new URL('.', new URL(path, ROOT)), { recursive: true });
    writeFileSync(new URL(path, ROOT), content);
  }
  console.log(drifted.length === 0 ? 'Nothing changed.' : `Wrote ${drifted.join(', ')}.`);
}

if (import.meta.main) run(process.argv.slice(2));
