import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fileNameOf } from './file-name.ts';
import { fileNameCharactersMax } from './limits.ts';

for (const [disposition, expected] of [
  [undefined, undefined],
  ['inline', undefined],
  ['inline; filename=cat.png', 'cat.png'],
  [String.raw`attachment; filename="a \"cat\".png"; size=3`, 'a "cat".png'],
  ["attachment; filename=plain.png; filename*=UTF-8''%E7%8C%AB.png", '猫.png'],
  ["attachment; filename*=UTF-8''%E7%8C; filename=plain.png", 'plain.png'],
  ['attachment; filename="../../etc/passwd"', 'passwd'],
  ['attachment; filename="folder/"', undefined],
] as const) {
  test(`${disposition} names ${expected}`, () => assert.equal(fileNameOf(disposition), expected));
}

test('a long name is cut', () => {
  assert.equal(fileNameOf(`x; filename=${'a'.repeat(9_000)}`)?.length, fileNameCharactersMax);
});
