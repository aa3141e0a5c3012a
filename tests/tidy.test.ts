import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { rules } from '../tools/tidy/rules.ts';
import { readTree } from '../tools/tidy/tree.ts';

const tree = readTree(fileURLToPath(new URL('..', import.meta.url)));

for (const rule of rules) {
  test(rule.name, () => {
    const problems = rule.check(tree);
    if (problems.length > 0) assert.fail(`\n${problems.join('\n')}`);
  });
}
