import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Type } from 'typebox';

import { MatrixError } from '../errors/matrix-error.ts';
import { findInQuery, ParameterReader } from './parameters.ts';

const reader = new ParameterReader(
  Type.Object({
    limit: Type.Optional(Type.Integer({ minimum: 0 })),
    dir: Type.Union([Type.Literal('b'), Type.Literal('f')]),
    full_state: Type.Boolean({ default: false }),
    via: Type.Optional(Type.Array(Type.String())),
    ratio: Type.Optional(Type.Number()),
  }),
  'query parameter',
);

function refusal(text: string, of = reader): string {
  try {
    of.fromQuery(text);
  } catch (error) {
    assert.ok(error instanceof MatrixError);
    assert.equal(error.status, 400);
    return `${error.errcode}: ${error.message}`;
  }
  return 'accepted';
}

test('a query is converted as its schema says', () => {
  assert.deepEqual(
    reader.fromQuery('dir=b&limit=10&full_state=true&via=a&via=b%20c&x=1&ratio=-1.5'),
    {
      dir: 'b',
      limit: 10,
      full_state: true,
      via: ['a', 'b c'],
      ratio: -1.5,
    },
  );
});

test('defaults are filled in, empty pairs and unknown names are left out, the first of many counts', () => {
  assert.deepEqual(reader.fromQuery('&&dir=f&dir=b&=&__proto__=1&constructor'), {
    dir: 'f',
    full_state: false,
  });
});

test('plus signs and percent-encoding are decoded once', () => {
  assert.deepEqual(reader.fromQuery('dir=f&via=a+b%2Bc%2525'), {
    dir: 'f',
    full_state: false,
    via: ['a b+c%25'],
  });
});

test('wrong values and absent ones are told apart', () => {
  assert.match(refusal('limit=1'), /^M_MISSING_PARAM: .*dir/);
  assert.match(refusal('dir=b&limit=ten'), /^M_INVALID_PARAM: .*limit.*integer/);
  for (const limit of ['', '1.0', '1e3', '0x10', '9007199254740993', ' 1', '-1']) {
    assert.match(refusal(`dir=b&limit=${limit}`), /^M_INVALID_PARAM: .*limit/);
  }
  assert.match(refusal('dir=x'), /^M_INVALID_PARAM: .*dir/);
  assert.match(refusal('dir=b&full_state=1'), /^M_INVALID_PARAM: .*full_state.*true or false/);
  assert.match(refusal('dir=%E0%A4%A'), /^M_INVALID_PARAM: .*dir.*percent/);
});

test('a schema with additional properties keeps the other names, as text', () => {
  const open = new ParameterReader(
    Type.Object({ access: Type.Optional(Type.String()) }, { additionalProperties: Type.String() }),
    'query parameter',
  );
  const values = open.fromQuery('network=irc&__proto__=x&toString=y&network=other');
  assert.deepEqual(values, { network: 'irc', toString: 'y' });
});

test('path parameters go through the same conversion', () => {
  const version = new ParameterReader(Type.Object({ version: Type.Integer() }), 'path parameter');
  assert.deepEqual(version.fromParams({ version: '12' }), { version: 12 });
  assert.throws(() => version.fromParams({ version: 'x' }), { errcode: 'M_INVALID_PARAM' });
});

test('a schema that no text fits is refused when it is made', () => {
  assert.throws(
    () => new ParameterReader(Type.Object({ a: Type.Object({}) }), 'query parameter'),
    TypeError,
  );
});

test('one value can be looked up in a query', () => {
  assert.equal(findInQuery('a=1&access_token=x%2By', 'access_token'), 'x+y');
  assert.equal(findInQuery('a=1', 'access_token'), undefined);
});
