import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Type } from 'typebox';

import { MatrixError } from '../errors/matrix-error.ts';
import { BodyCheck } from './body-check.ts';
import { JsonObject } from './schemas.ts';

const check = new BodyCheck(
  Type.Object({
    type: Type.String(),
    content: Type.Object({
      tags: Type.Array(Type.String()),
      'm.dotted': Type.Optional(Type.Null()),
    }),
    order: Type.Optional(Type.Union([Type.Literal('a'), Type.Object({ by: Type.String() })])),
  }),
);

function refusal(value: unknown, of = check): string {
  try {
    of.check(value);
  } catch (error) {
    assert.ok(error instanceof MatrixError);
    return `${error.errcode}: ${error.message}`;
  }
  return 'accepted';
}

test('an absent field is M_MISSING_PARAM with its path', () => {
  assert.equal(refusal({ content: { tags: [] } }), 'M_MISSING_PARAM: Missing required field: type');
  assert.equal(
    refusal({ type: '', content: {} }),
    'M_MISSING_PARAM: Missing required field: content.tags',
  );
});

test('a wrong type is M_BAD_JSON with its path', () => {
  assert.equal(refusal([]), 'M_BAD_JSON: Content must be object, found array');
  assert.equal(refusal(null), 'M_BAD_JSON: Content must be object, found null');
  assert.equal(
    refusal({ type: '', content: { tags: ['x', 1] } }),
    'M_BAD_JSON: Field content.tags.1 must be string',
  );
  assert.match(
    refusal({ type: '', content: { tags: [] }, order: {} }),
    /^M_BAD_JSON: Field order /,
  );
});

test('nothing is coerced, dropped or re-ordered', () => {
  const value = JSON.parse('{"z":"1","__proto__":{"type":1},"a":0.5,"2":[],"1":{}}');
  const before = JSON.stringify(value);
  assert.equal(refusal(value, new BodyCheck(JsonObject)), 'accepted');
  assert.equal(JSON.stringify(value), before);
});

test('an inherited name does not stand in for a field', () => {
  const value = JSON.parse('{"__proto__":{"type":"x","content":{"tags":[]}}}');
  assert.match(refusal(value), /^M_MISSING_PARAM: /);
});
