import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isLocalUser } from './is-local-user.ts';

test('a user is local by all that follows the first colon', () => {
  assert.ok(isLocalUser('@alice:example.org', 'example.org'));
  assert.ok(isLocalUser('@:example.org:8448', 'example.org:8448'));
  assert.ok(!isLocalUser('@alice:sub.example.org', 'example.org'));
  assert.ok(!isLocalUser('@alice:other:example.org', 'example.org'));
  assert.ok(!isLocalUser('@alice:example.com', 'example.org'));
  assert.ok(!isLocalUser('example.org', 'example.org'));
});
