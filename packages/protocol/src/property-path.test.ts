import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { JsonObject } from './canonical-json.ts';
import { parsePropertyPath, valueAt } from './property-path.ts';

const PATHS: Record<string, string[]> = {
  'content.body': ['content', 'body'],
  'content.m\\.relates_to': ['content', 'm.relates_to'],
  'content.m\\\\foo': ['content', 'm\\foo'],
  'content.m\\\\.foo': ['content', 'm\\', 'foo'],
  'content.m\\x': ['content', 'm\\x'],
  'content.m\\': ['content', 'm\\'],
  type: ['type'],
  '': [''],
  'a..b': ['a', '', 'b'],
  '\\.': ['.'],
};

for (const [path, names] of Object.entries(PATHS)) {
  test(`the path ${path}`, () => assert.deepEqual(parsePropertyPath(path), names));
}

test('a value is found by own properties of objects only', () => {
  const object: JsonObject = JSON.parse('{"a":{"b":null,"__proto__":1},"list":[{"x":1}],"":2}');
  const at = (path: string) => valueAt(object, parsePropertyPath(path));
  assert.equal(at('a.b'), null);
  assert.equal(at('a.__proto__'), 1);
  assert.equal(at(''), 2);
  assert.deepEqual(at('list'), [{ x: 1 }]);
  for (const absent of ['a.c', 'a.b.c', 'list.0', 'list.length', 'constructor', 'a.toString']) {
    assert.equal(at(absent), undefined, absent);
  }
});
