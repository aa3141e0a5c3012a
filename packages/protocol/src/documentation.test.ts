import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { codeBlocks } from '../testing/documentation/code-blocks.ts';
import { packageExports } from '../testing/documentation/package-exports.ts';
import { runnableExample } from '../testing/documentation/runnable-example.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const packageFolder = join(root, 'packages/protocol');
const folder = mkdtempSync(join(tmpdir(), 'soma-examples-'));
const exported = packageExports(join(packageFolder, 'src/index.ts'));

interface Example {
  readonly title: string;
  readonly file: string;
  readonly text: string;
}

const examples: readonly Example[] = [
  ...codeBlocks(join(packageFolder, 'README.md'), 'ts').map(({ text, line }) => ({
    title: `README.md:${line}`,
    file: `readme-${line}.ts`,
    text,
  })),
  ...exported.flatMap(({ name, file, examples: texts }) =>
    texts.map((text, index) => ({
      title: `${name} (${file})`,
      file: `${name}-${index}.ts`,
      text,
    })),
  ),
];

let typeErrors = '';

before(() => {
  mkdirSync(join(folder, 'node_modules/@soma'), { recursive: true });
  symlinkSync(packageFolder, join(folder, 'node_modules/@soma/protocol'));
  symlinkSync(join(root, 'node_modules/@types'), join(folder, 'node_modules/@types'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const config = { extends: join(root, 'tsconfig.json'), include: ['*.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  for (const { file, text } of examples) {
    writeFileSync(join(folder, file), runnableExample(text, exported));
  }
  const tsc = join(root, 'node_modules/.bin/tsc');
  const { error, stdout } = spawnSync(tsc, ['--project', '.', '--pretty', 'false'], {
    cwd: folder,
    encoding: 'utf8',
  });
  assert.equal(error, undefined);
  typeErrors = stdout;
});
after(() => rmSync(folder, { recursive: true }));

for (const { title, file, text } of examples) {
  test(`the example of ${title} has types and comes out as it says`, async () => {
    const errors = typeErrors.split('\n').filter((line) => line.startsWith(file));
    assert.deepEqual(errors, [], text);
    await import(pathToFileURL(join(folder, file)).href);
  });
}

test('a value beside an expression is compared, and names are imported', () => {
  const text = runnableExample(
    "const id = parseUserId('@a:b');\nid; // => '@a:b'\n({ id });\n// => {\n//   id: '@a:b' }\n// Not a value.",
    exported,
  );
  assert.match(text, /^import \{ parseUserId \} from '@soma\/protocol';$/m);
  assert.match(text, /^expectEqual\(id, \('@a:b'\)\);$/m);
  assert.match(
    text,
    /^expectEqual\(\(\{ id \}\), \(\{\n {3}id: '@a:b' \}\)\);\n\/\/ Not a value\.$/m,
  );
});

test('no example has an error of types elsewhere', () => {
  const others = typeErrors
    .split('\n')
    .filter((line) => !examples.some(({ file }) => line.startsWith(file)));
  assert.deepEqual(others, ['']);
});

test('every export has a description, and every one that is no type an example', () => {
  const lacking = exported.filter(({ documentation, examples: texts, isType }) => {
    return documentation === undefined || (!isType && texts.length === 0);
  });
  assert.deepEqual(
    lacking.map(({ name, file }) => `${name} (${file})`),
    [],
  );
});
