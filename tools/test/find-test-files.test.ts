import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { findTestFiles } from './find-test-files.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const self = 'tools/test/find-test-files.test.ts';

test('without patterns every test file is found, with one only those it selects', () => {
  assert.ok(findTestFiles(root, []).includes(self));
  assert.deepEqual(findTestFiles(root, ['find-test-files']), [self]);
  assert.deepEqual(findTestFiles(root, ['tools/test/find*.test.ts']), [self]);
  assert.deepEqual(findTestFiles(root, ['no-such-file']), []);
});
