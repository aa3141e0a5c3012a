import { readFileSync } from 'node:fs';

import Schema from 'typebox/schema';

import { serverMadeContents, specDeviations } from './spec-deviations.ts';

interface SchemaFile {
  readonly $defs: Readonly<Record<string, object>>;
}

interface Operation {
  readonly name: string;
  readonly method: string;
  readonly path: RegExp;
  readonly responses: Readonly<Record<string, object>>;
}

interface Check {
  Check(value: unknown): boolean;
  Errors(value: unknown): [boolean, { readonly instancePath: string; readonly message: string }[]];
}

type Responses = SchemaFile & {
  readonly operations: Readonly<Record<string, Readonly<Record<string, object>>>>;
};
type Contents = SchemaFile & { readonly contents: Readonly<Record<string, object>> };

const standardError = {
  type: 'object',
  required: ['errcode', 'error'],
  properties: { errcode: { type: 'string' }, error: { type: 'string' } },
};

const responses: Responses = JSON.parse(readSchemas('responses.json'));
const contents: Contents = JSON.parse(readSchemas('event-contents.json'));
const operations = readOperations();
const checks = new Map<string, Check>();

/**
 * Throws where an answer to a client or to another server is not what the specification's own schema says, deviations
 * apart (spec-deviations.ts). Answers without a schema pass.
 */
export function checkAgainstSpec(
  method: string,
  target: string,
  { status, body }: { readonly status: number; readonly body: unknown },
): void {
  if (typeof body !== 'object' || body === null) return;
  const operation = operationOf(method, target);
  if (operation === undefined) return;
  const problems = [
    ...problemsOf(
      `${operation.name} ${status} ${'flows' in body}`,
      schemaFor(operation, status, body),
      body,
    ),
    ...(status === 200 ? contentProblems(body, '') : []),
  ].filter((problem) => !isDeviation(operation.name, target, problem));
  if (problems.length === 0) return;
  throw new Error(
    `${method} ${target} answered ${status}, not as the specification says:\n${problems.join('\n')}`,
  );
}

/** The operation's name as the specification has it: `GET /_matrix/client/v3/sync`. */
function operationOf(method: string, target: string): Operation | undefined {
  const path = target
    .replace(/\?.*$/, '')
    .replace(/^\/_matrix\/client\/(r0|unstable|api\/v1)\//, '/_matrix/client/v3/');
  return operations.find((each) => each.method === method && each.path.test(path));
}

function schemaFor(operation: Operation, status: number, body: object): object | undefined {
  // Before a request comes to interactive authentication, its token is refused in the standard way.
  const isTokenRefusal = status === 401 && !('flows' in body);
  const own = isTokenRefusal ? undefined : operation.responses[status];
  if (own !== undefined) return { ...own, $defs: responses.$defs };
  return status >= 400 ? standardError : undefined;
}

function problemsOf(key: string, schema: object | undefined, value: unknown): string[] {
  if (schema === undefined) return [];
  let check = checks.get(key);
  if (check === undefined) {
    check = Schema.Compile(schema);
    checks.set(key, check);
  }
  if (check.Check(value)) return [];
  return check.Errors(value)[1].map(({ instancePath, message }) => `${instancePath}: ${message}`);
}

/** The contents of events that the server makes, wherever in the answer they stand. */
function contentProblems(value: unknown, at: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const problems: string[] = [];
  // What is sent into a room has an ID, and passes through as it is, whatever its type.
  const isOwn = 'type' in value && 'content' in value && !('event_id' in value);
  if (isOwn && typeof value.type === 'string') {
    const schema = serverMadeContents.has(value.type) ? contents.contents[value.type] : undefined;
    const whole = schema === undefined ? undefined : { ...schema, $defs: contents.$defs };
    for (const problem of problemsOf(value.type, whole, value.content)) {
      problems.push(`${at}/content${problem} (${value.type})`);
    }
  }
  for (const [name, each] of Object.entries(value)) {
    problems.push(...contentProblems(each, `${at}/${name}`));
  }
  return problems;
}

function isDeviation(operation: string, target: string, problem: string): boolean {
  return specDeviations.some(
    (each) =>
      each.operation === operation &&
      each.problem.test(problem) &&
      (each.target?.test(target) ?? true),
  );
}

/** Those with fewer parameters come first, as in a router. */
function readOperations(): Operation[] {
  return Object.entries(responses.operations)
    .map(([name, byStatus]): Operation & { readonly parameters: number } => {
      const [method = '', path = ''] = name.split(' ');
      // A state key may be empty, nothing else.
      const pattern = path
        .replaceAll('.', String.raw`\.`)
        .replace('{stateKey}', '[^/]*')
        .replaceAll(/\{\w+\}/g, '[^/]+');
      return {
        name,
        method,
        path: new RegExp(`^${pattern}$`),
        responses: byStatus,
        parameters: path.split('{').length,
      };
    })
    .toSorted((a, b) => a.parameters - b.parameters);
}

function readSchemas(name: string): string {
  return readFileSync(new URL(`../spec-schemas/${name}`, import.meta.url), 'utf8');
}
