import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseJsonBody } from './json-body.ts';
import { jsonDepthMax } from './limits.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');

test('a body passes as it was written', () => {
  const text = '{"b":1,"a":{"__proto__":{"x":1},"é😀":[1.5,12345678901234567890,null]}}';
  assert.equal(
    JSON.stringify(parseJsonBody(bytes(text))),
    text.replace('12345678901234567890', '12345678901234567000'),
  );
});

test('what is not JSON or not UTF-8 is M_NOT_JSON', () => {
  for (const wrong of ['', '{', '{"a":NaN}', "{'a':1}", '\uFEFF{}', 'undefined']) {
    assert.throws(() => parseJsonBody(bytes(wrong)), { errcode: 'M_NOT_JSON', status: 400 });
  }
  assert.throws(() => parseJsonBody(Buffer.from([0x22, 0xff, 0x22])), { errcode: 'M_NOT_JSON' });
  assert.throws(() => parseJsonBody(Buffer.from('{"a":"ü"}', 'latin1')), { errcode: 'M_NOT_JSON' });
});

test('a nesting beyond the limit is refused before it is parsed', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  assert.ok(Array.isArray(parseJsonBody(bytes(nested(jsonDepthMax)))));
  assert.throws(() => parseJsonBody(bytes(nested(jsonDepthMax + 1))), { errcode: 'M_BAD_JSON' });
  assert.throws(() => parseJsonBody(bytes('['.repeat(100_000))), { errcode: 'M_BAD_JSON' });
  assert.throws(() => parseJsonBody(bytes('{"a":'.repeat(100_000))), { errcode: 'M_BAD_JSON' });
});

test('brackets inside strings do not count', () => {
  assert.equal(parseJsonBody(bytes(JSON.stringify('["\\{'.repeat(2000)))), '["\\{'.repeat(2000));
});
