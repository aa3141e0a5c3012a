import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { decodeText as decodePieces } from './decode-text.ts';
import { parseChunkBytes } from './limits.ts';

const decodeText = (bytes: Uint8Array, contentType: string): string =>
  [...decodePieces(bytes, contentType)].join('');

const html = 'text/html';
const latin = (text: string): Buffer => Buffer.from(text, 'latin1');

test('a byte order mark decides before all else', () => {
  const declared = '<meta charset="iso-8859-1">é';
  assert.equal(decodeText(Buffer.from(`\ufeff${declared}`), html), declared);
  assert.equal(decodeText(Buffer.from(`\ufeff${declared}`, 'utf16le'), html), declared);
  const swapped = Buffer.from(`\ufeff${declared}`, 'utf16le').swap16();
  assert.equal(decodeText(swapped, html), declared);
});

test('the document says what it is written in', () => {
  for (const declaration of [
    '<meta charset="windows-1251">',
    "<META http-equiv='Content-Type' content='text/html; charset=windows-1251'>",
    '<?xml version="1.0" encoding="windows-1251"?>',
  ]) {
    const bytes = Buffer.concat([latin(declaration), Buffer.from([0xcf, 0xf0, 0xe8])]);
    assert.equal(decodeText(bytes, 'text/html; charset=utf-8'), `${declaration}При`);
  }
});

test('its Content-Type counts where the document says nothing', () => {
  const bytes = Buffer.from([0x93, 0xfa, 0x96, 0x7b]);
  assert.equal(decodeText(bytes, 'text/html; charset="Shift_JIS"'), '日本');
});

test('what nobody declares is UTF-8 if it can be, else windows-1252', () => {
  assert.equal(decodeText(Buffer.from('“é”'), html), '“é”');
  assert.equal(decodeText(Buffer.from([0x93, 0xe9, 0x94]), html), '“é”');
});

test('a declaration that is unknown or wrong is passed over', () => {
  const text = '<meta charset="no-such-thing">é';
  assert.equal(decodeText(Buffer.from(text), 'text/html; charset=neither'), text);
  const wrong = '<meta charset="utf-8">é';
  assert.equal(decodeText(latin(wrong), html), wrong);
  const impossible = '<meta charset="utf-16">é';
  assert.equal(decodeText(Buffer.from(impossible), html), impossible);
});

test('any bytes with any type become a text', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.string(), (bytes, contentType) => {
      assert.equal(typeof decodeText(bytes, `text/html; charset=${contentType}`), 'string');
    }),
    { numRuns: 200 },
  );
});

test('a character that two pieces share is whole', () => {
  const text = `${'x'.repeat(parseChunkBytes - 1)}é日本`;
  assert.equal(decodeText(Buffer.from(text), html), text);
});
