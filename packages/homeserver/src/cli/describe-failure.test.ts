import assert from 'node:assert/strict';
import { test } from 'node:test';

import { StartRefusal } from '../config/start-refusal.ts';
import { ListenError } from '../http/listen-error.ts';
import { DatabaseUnusable } from '../storage/migrate.ts';
import { describeFailure } from './describe-failure.ts';

test('a database that cannot be reached is told with its address', () => {
  const refused = (text: string): Error =>
    Object.assign(new Error(`connect ECONNREFUSED ${text}`), { code: 'ECONNREFUSED' });
  assert.match(
    describeFailure(refused('127.0.0.1:5432')),
    /^The database cannot be reached: connect ECONNREFUSED 127\.0\.0\.1:5432\./,
  );
  const both = new AggregateError([refused('::1:5432'), refused('127.0.0.1:5432')]);
  assert.match(
    describeFailure(Object.assign(both, { code: 'ECONNREFUSED' })),
    /cannot be reached: connect ECONNREFUSED ::1:5432; connect ECONNREFUSED 127\.0\.0\.1:5432\./,
  );
});

test('what PostgreSQL refuses is told in its words', () => {
  const error = Object.assign(new Error('password authentication failed for user "u"'), {
    code: '28P01',
    severity: 'FATAL',
  });
  assert.equal(
    describeFailure(error),
    'PostgreSQL refuses: password authentication failed for user "u". Check database.args.',
  );
});

test('known refusals are told without a stack, anything else with it', () => {
  assert.equal(describeFailure(new StartRefusal('No.')), 'No.');
  assert.equal(describeFailure(new DatabaseUnusable('Not mine.')), 'Not mine.');
  const inUse = Object.assign(new Error('listen'), { code: 'EADDRINUSE' });
  assert.match(
    describeFailure(new ListenError(8008, '::1', inUse)),
    /^Cannot listen on port 8008 of ::1: another program listens there\./,
  );
  assert.match(describeFailure(new TypeError('oops')), /^TypeError: oops\n {4}at /);
  assert.match(describeFailure(Object.assign(new Error('x'), { code: 'EOTHER' })), /\n {4}at /);
  assert.equal(describeFailure('text'), 'text');
});
