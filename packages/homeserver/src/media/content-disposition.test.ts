import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { contentDisposition, fileNameIn } from './content-disposition.ts';

test('any name without control characters is read back as it was written, in one line of ASCII', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (name) => {
      const clean = name.replaceAll(/[\u0000-\u001f\u007f]/g, '').toWellFormed();
      const header = contentDisposition('image/png', name);
      assert.match(header, /^[\x20-\x7e]*$/);
      assert.equal(fileNameIn(header), clean === '' ? undefined : clean);
    }),
  );
});

test('only safe types are shown in place', () => {
  assert.equal(contentDisposition('Image/PNG; a=b', undefined), 'inline');
  assert.equal(contentDisposition('image/svg+xml', undefined), 'attachment');
  assert.equal(contentDisposition('text/html', 'a.html'), 'attachment; filename="a.html"');
});

test('names as other servers write them', () => {
  assert.equal(fileNameIn('attachment; filename=plain.txt'), 'plain.txt');
  assert.equal(fileNameIn('inline; filename="a;b.txt"; filename*=UTF-8\'en\'%c3%bc.txt'), 'ü.txt');
  assert.equal(fileNameIn("inline; filename*=utf-8''%ff"), undefined);
  assert.equal(fileNameIn('attachment'), undefined);
  assert.equal(fileNameIn(undefined), undefined);
});
