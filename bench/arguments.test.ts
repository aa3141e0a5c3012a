import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readArguments } from './arguments.ts';

test('measures the server on SQLite unless told otherwise', () => {
  const read = readArguments([]);
  assert.ok(read.subject === 'server');
  assert.equal(read.engine, 'sqlite');
  assert.equal(read.rounds, 5);
  assert.ok(read.scenarios.length > 1);
});

test('measures some scenarios of the protocol package', () => {
  const read = readArguments(['protocol', '--only', 'json,auth', '--rounds', '2', '--write']);
  assert.equal(read.subject, 'protocol');
  assert.deepEqual(
    read.scenarios.map(({ name }) => name),
    ['json', 'auth'],
  );
  assert.ok(read.write && read.rounds === 2);
});

const wrong: readonly (readonly [args: string[], message: RegExp])[] = [
  [['client'], /no client/],
  [['protocol', 'json'], /too much/],
  [['protocol', '--only', 'sends'], /no scenario sends/],
  [['protocol', '--engine', 'sqlite'], /no server/],
  [['--engine', 'mysql'], /no engine/],
  [['--rounds', '0'], /no number/],
  [['--write', '--profile', 'x'], /too slow/],
];

for (const [args, message] of wrong) {
  test(`refuses ${args.join(' ')}`, () => assert.throws(() => readArguments(args), message));
}
