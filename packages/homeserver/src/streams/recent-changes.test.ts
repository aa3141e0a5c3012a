import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { ChangeKind } from '../storage/change.ts';
import type { Touch } from '../storage/change.ts';
import type { Committed } from '../storage/database.ts';
import { RecentChanges } from './recent-changes.ts';

function committed(position: number, ...touches: Touch[]): Committed {
  return { position, change: { statements: [], positions: 1, touches } };
}

function room(subject: number): Touch {
  return { kind: ChangeKind.room, subject };
}

/** The subjects above `position`, newest first. */
function subjectsAbove(recent: RecentChanges, position: number): number[] | undefined {
  const subjects: number[] = [];
  const found = recent.some(position, (_kind, subject) => {
    subjects.push(subject);
    return false;
  });
  return found === undefined ? undefined : subjects;
}

test('it tells what came above a position, newest first, and stops where told', () => {
  const recent = new RecentChanges(10);
  recent.append([committed(11, room(1), { kind: ChangeKind.account, subject: 2 })]);
  recent.append([committed(14, room(3)), committed(15)]);
  assert.deepEqual(subjectsAbove(recent, 10), [3, 2, 1]);
  assert.deepEqual(subjectsAbove(recent, 11), [3]);
  assert.deepEqual(subjectsAbove(recent, 14), []);
  assert.equal(
    recent.some(10, (kind) => kind === ChangeKind.account),
    true,
  );
});

test('of what came before it was opened it says nothing', () => {
  const recent = new RecentChanges(10);
  assert.equal(subjectsAbove(recent, 9), undefined);
  assert.deepEqual(subjectsAbove(recent, 10), []);
});

test('however much is forgotten, it never leaves out what it claims to know', () => {
  const many = fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 3, maxLength: 9 });
  fc.assert(
    fc.property(many, (sizes) => {
      const recent = new RecentChanges(0);
      const all: { position: number; subject: number }[] = [];
      for (const [index, size] of sizes.entries()) {
        const position = index + 1;
        const subjects = Array.from({ length: size }, (_, each) => index * 100_000 + each);
        recent.append([committed(position, ...subjects.map(room))]);
        for (const subject of subjects) all.push({ position, subject });
      }
      for (let above = 0; above <= sizes.length; above += 1) {
        const found = subjectsAbove(recent, above);
        if (found === undefined) continue;
        const expected = all.filter(({ position }) => position > above).toReversed();
        assert.equal(found.length, expected.length);
        assert.ok(expected.every(({ subject }, index) => found[index] === subject));
      }
      assert.deepEqual(subjectsAbove(recent, sizes.length), []);
    }),
    { numRuns: 20 },
  );
});
