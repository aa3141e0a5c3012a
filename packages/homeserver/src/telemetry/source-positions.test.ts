import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { withSourcePositions } from './source-positions.ts';

const root = mkdtempSync(join(tmpdir(), 'soma-positions-'));
after(() => rmSync(root, { recursive: true, force: true }));
const packed = join(root, 'cache', 'soma-packed');
mkdirSync(packed, { recursive: true });
const program = pathToFileURL(join(packed, 'program.mjs')).href;

test('a position of the packed program becomes one of the source', () => {
  // Line 2, column 5 of the program is line 3, column 1 of the source.
  const map = { version: 3, names: [], sources: ['../../src/send.ts'], mappings: ';IAEA' };
  writeFileSync(join(packed, 'program.mjs.map'), JSON.stringify(map));
  assert.equal(
    withSourcePositions(`Error: x\n    at send (${program}:2:5)\n    at node:internal/a:1:2`),
    `Error: x\n    at send (${join(root, 'src/send.ts')}:3:1)\n    at node:internal/a:1:2`,
  );
});

test('a position that cannot be found stays as it is', () => {
  const other = `at send (${program.replace('program', 'other')}:2:5)`;
  assert.equal(withSourcePositions(other), other);
  assert.equal(withSourcePositions(`at ${program}:1:1`), `at ${program}:1:1`);
});
