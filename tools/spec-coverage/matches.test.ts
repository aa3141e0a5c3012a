import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isRequestOf } from './matches.ts';
import { readTestRequests } from './test-requests.ts';

const members = {
  operationId: 'x',
  method: 'GET',
  path: '/_matrix/client/v3/rooms/{roomId}/members',
};

function isMembers(method: string, path: string): boolean {
  return isRequestOf({ method, path }, members);
}

test('a request is of an operation by its method and what is fixed in the path', () => {
  assert.ok(isMembers('GET', '/_matrix/client/v3/rooms/*/members?at=*'));
  assert.ok(isMembers('GET', '*/_matrix/client/r0/rooms/!a%3Ab/members'));
  assert.ok(isMembers('GET', '/_matrix/client/*/rooms/*/members'));
  assert.ok(isMembers('GET', '/rooms/*/members'));
  assert.ok(isMembers('GET', '*/members'));
  assert.ok(!isMembers('PUT', '/_matrix/client/v3/rooms/*/members'));
  assert.ok(!isMembers('GET', '/_matrix/client/v3/rooms/*/*'));
  assert.ok(!isMembers('GET', '/_matrix/client/v3/rooms/*/members/x'));
  assert.ok(!isMembers('GET', '/members'));
  assert.ok(!isMembers('GET', '*'));
});

test('requests are found through the functions, names and loops of a test', () => {
  const found = readTestRequests();
  const paths = (file: string): readonly string[] =>
    (found.get(file) ?? []).map(({ method, path }) => `${method} ${path}`);
  // In a function of the harness, which joins a list.
  assert.ok(
    paths('tests/client-server/members.test.ts').includes(
      `GET ${members.path.replace('{roomId}', '*')}`,
    ),
  );
  // In a loop over paths.
  assert.ok(paths('tests/client-server/media.test.ts').includes('GET /_matrix/media/v3/config'));
});
