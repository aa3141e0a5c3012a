import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { result } from '../examples/build-and-authorise.ts';

test("the README's example is the one that runs, and comes out as it says", async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const example = await readFile(
    new URL('../examples/build-and-authorise.ts', import.meta.url),
    'utf8',
  );
  const blocks = [...readme.matchAll(/^```(ts|json)\n(.*?)^```$/gms)];
  const [code, outcome] = blocks.map(([, , text]) => text);
  assert.equal(code, example);
  assert.deepEqual(JSON.parse(outcome ?? ''), result);
});
