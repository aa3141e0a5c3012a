import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Rule } from './rule.ts';
import { rules } from './rules.ts';
import { documentedDependencies } from './rules/documented-dependencies.ts';
import { fileSizes } from './rules/file-sizes.ts';
import { functionSizes } from './rules/function-sizes.ts';
import { importCycles } from './rules/import-cycles.ts';
import { importDirection } from './rules/import-direction.ts';
import { leftovers } from './rules/leftovers.ts';
import { machinePaths } from './rules/machine-paths.ts';
import { names } from './rules/names.ts';
import { protocolPurity } from './rules/protocol-purity.ts';
import { sqlPlacement } from './rules/sql-placement.ts';
import { treeOf } from './tree.ts';

interface Sample {
  readonly rule: Rule;
  /** Files that break the rule. */
  readonly broken: Readonly<Record<string, string>>;
  /** What the rule says of them, in part. */
  readonly problems: readonly RegExp[];
  /** Files of the same kind that keep it. */
  readonly kept: Readonly<Record<string, string>>;
}

const server = 'packages/homeserver/src';
const decision = 'docs/decisions/0001-dependencies.md';
const lines = (count: number): string => 'export const x = 1;\n'.repeat(count);
const fn = (count: number): string => `export function f() {\n${'  g();\n'.repeat(count - 2)}}\n`;

const samples: readonly Sample[] = [
  {
    rule: importDirection,
    broken: {
      [`${server}/storage/a.ts`]: "import { b } from '../rooms/b.ts';",
      [`${server}/rooms/c.ts`]: "export * from '../main.ts';",
      [`${server}/rooms/d.ts`]: "import { t } from '../../../../tests/harness/client.ts';",
      [`${server}/elsewhere/e.ts`]: 'export {};',
      'packages/protocol/src/f.ts': "import { x } from '../../homeserver/src/config/x.ts';",
      'tests/client-server/g.test.ts': "import '../../packages/homeserver/src/main.ts';",
    },
    problems: [/does not know/, /upwards/, /upwards/, /harness/, /only itself/, /from outside/],
    kept: {
      [`${server}/rooms/b.ts`]: "import { a } from '../storage/a.ts'; import '@soma/protocol';",
      [`${server}/rooms/b.test.ts`]: "import '../../../../tests/harness/engines.ts';",
      [`${server}/main.ts`]: "import './cli/start-flags.ts'; import './http/router.ts';",
      'tests/client-server/g.test.ts': "import '../harness/client.ts';",
    },
  },
  {
    rule: importCycles,
    broken: {
      'tools/a.ts': "import './b.ts';",
      'tools/b.ts': "import './c.ts';",
      'tools/c.ts': "import type { A } from './a.ts';",
      [`${server}/streams/a.ts`]: "import '../jobs/a.ts';",
      [`${server}/jobs/b.ts`]: "import '../streams/b.ts';",
    },
    problems: [/tools\/a\.ts -> tools\/b\.ts -> tools\/c\.ts -> tools\/a\.ts/, /streams -> jobs/],
    kept: { 'tools/a.ts': "import './b.ts'; import './c.ts';", 'tools/b.ts': "import './c.ts';" },
  },
  {
    rule: protocolPurity,
    broken: {
      'packages/protocol/src/a.ts': "import 'node:fs';",
      'packages/protocol/src/b.ts': 'export const now = () => Date.now();',
    },
    problems: [/node:fs/, /Date\.now/],
    kept: {
      'packages/protocol/src/a.ts': "import './b.ts'; // unlike Date.now",
      'packages/protocol/src/a.test.ts': "import 'node:test';",
    },
  },
  {
    rule: sqlPlacement,
    broken: {
      [`${server}/rooms/a.ts`]: 'const x = "select a from b";',
      [`${server}/rooms/b.ts`]: 'const x = sql`\n  update t set a = ${1}`;',
      [`${server}/rooms/c.ts`]: 'const x = "INSERT INTO t VALUES (1)";',
    },
    problems: [/rooms\/a\.ts:1/, /rooms\/b\.ts:1/, /rooms\/c\.ts:1/],
    kept: {
      [`${server}/rooms/a-store.ts`]: 'const x = "select a from b";',
      [`${server}/storage/a.ts`]: 'const x = "select a from b";',
      [`${server}/rooms/c.ts`]: 'const x = "Select a room from the list";',
    },
  },
  {
    rule: fileSizes,
    broken: { 'tools/a.ts': lines(501), 'tools/b.ts': lines(121), 'tools/c.ts': lines(1) },
    problems: [/a\.ts has 501 lines/, /median file has 121/, /501 lines or more/],
    kept: { 'tools/a.ts': lines(300), 'tools/b.ts': lines(120), 'tools/c.ts': lines(120) },
  },
  {
    rule: functionSizes,
    broken: { 'tools/a.ts': fn(41), 'tools/b.ts': `const o = { m: () => {\n${lines(70)}} };` },
    problems: [/b\.ts:1 a function of 72 lines/, /functions have 72 lines/],
    kept: { 'tools/a.ts': fn(40), 'tools/b.ts': `describe('x', () => {\n${lines(100)}});` },
  },
  {
    rule: names,
    broken: { 'tools/string-utils.ts': '', 'tools/common/a.ts': '', 'tools/fileName.ts': '' },
    problems: [/"utils"/, /"common"/, /fileName\.ts is not in kebab-case/],
    kept: { 'tools/a-b2.test.ts': '', 'docs/README.md': '', 'tools/commonmark.ts': '' },
  },
  {
    rule: leftovers,
    broken: {
      'tools/a.ts': '\n// TODO: later',
      'tools/b.ts': 'const x = y as any;',
      'tools/c.ts': '// @ts-ignore',
      'tools/d.ts': 'test.only("x");',
    },
    problems: [/a\.ts:2 "TODO"/, /as any/, /@ts-ignore/, /\.only\(/],
    kept: { 'tools/a.ts': "test('x', { skip: 'no server' }, () => {});" },
  },
  {
    rule: machinePaths,
    broken: { 'docs/a.md': 'See\n`/root/x`.', 'tools/a.ts': "open('/work/y');" },
    problems: [/docs\/a\.md:2 \/root\//, /\/work\//],
    kept: { 'docs/a.md': 'https://example.org/work/ and src/work/x' },
  },
  {
    rule: documentedDependencies,
    broken: {
      'package.json': '{ "devDependencies": { "left": "1.0.0" } }',
      [decision]: '| `right` | MIT |',
    },
    problems: [/no line for left/, /right, which nothing depends on/],
    kept: {
      'packages/a/package.json': '{ "dependencies": { "left": "1.0.0", "@soma/protocol": "1" } }',
      [decision]: '| `left` | MIT |',
    },
  },
];

for (const { rule, broken, problems, kept } of samples) {
  test(`can fail: ${rule.name}`, () => {
    const found = rule.check(treeOf(new Map(Object.entries(broken))));
    assert.equal(found.length, problems.length, found.join('\n'));
    for (const [index, problem] of problems.entries()) assert.match(found[index] ?? '', problem);
  });
  test(`can hold: ${rule.name}`, () => {
    assert.deepEqual(rule.check(treeOf(new Map(Object.entries(kept)))), []);
  });
}

test('every rule has a sample that breaks it', () => {
  const sampled = samples.map(({ rule }) => rule);
  assert.deepEqual(
    rules.filter((rule) => !sampled.includes(rule)),
    [],
  );
});
