import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { elementTexts } from './member-texts.ts';

test('the texts of the elements are as they were written', () => {
  const json =
    ' { "a" : [1.0, "x]\\"", {"b":[1e3,{}]} , [ ], true ] , "c":"[1]", "p\\u0064us":[-0] } ';
  assert.deepEqual(elementTexts(json, 'a'), ['1.0', '"x]\\""', '{"b":[1e3,{}]}', '[ ]', 'true']);
  assert.deepEqual(elementTexts(json, 'pdus'), ['-0']);
  assert.deepEqual(elementTexts(json, 'c'), []);
  assert.deepEqual(elementTexts(json, 'd'), []);
});

test('of equal keys the last counts', () => {
  assert.deepEqual(elementTexts('{"a":[1,2],"a":[3]}', 'a'), ['3']);
});

test('whatever JSON there is, its elements are found', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.array(fc.jsonValue()),
      (other, list) => {
        for (const space of [0, 2]) {
          const json = JSON.stringify({ ...other, pdus: list }, null, space);
          const found = elementTexts(json, 'pdus').map((text): unknown => JSON.parse(text));
          assert.deepEqual(found, JSON.parse(JSON.stringify(list)));
        }
      },
    ),
  );
});
