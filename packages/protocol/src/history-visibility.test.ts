import assert from 'node:assert/strict';
import { test } from 'node:test';

import { HISTORY_VISIBILITIES, historyVisibilityOf, maySeeEvent } from './history-visibility.ts';

const MEMBERSHIPS = ['join', 'invite', 'knock', 'leave', 'ban'];

// Who may see an event: by visibility, the memberships that suffice, and those that do with a later join.
const TABLE: Record<(typeof HISTORY_VISIBILITIES)[number], readonly [string[], string[]]> = {
  world_readable: [MEMBERSHIPS, MEMBERSHIPS],
  shared: [['join'], MEMBERSHIPS],
  invited: [
    ['join', 'invite'],
    ['join', 'invite'],
  ],
  joined: [['join'], ['join']],
};

for (const visibility of HISTORY_VISIBILITIES) {
  test(`history that is ${visibility}`, () => {
    const [suffice, sufficeWithJoin] = TABLE[visibility];
    for (const membership of MEMBERSHIPS) {
      assert.equal(
        maySeeEvent({ visibility, membership, joinedLater: false }),
        suffice.includes(membership),
        membership,
      );
      assert.equal(
        maySeeEvent({ visibility, membership, joinedLater: true }),
        sufficeWithJoin.includes(membership),
        `${membership}, joined later`,
      );
    }
  });
}

test('a change of the visibility is seen by who may see either side', () => {
  const bySides = (before: 'world_readable' | 'joined', after: 'world_readable' | 'joined') =>
    maySeeEvent({ visibility: { before, after }, membership: 'leave', joinedLater: false });
  assert.ok(bySides('world_readable', 'joined'));
  assert.ok(bySides('joined', 'world_readable'));
  assert.ok(!bySides('joined', 'joined'));
});

test("the user's own membership event is seen by who may see either side", () => {
  const bySides = (before: string, after: string) =>
    maySeeEvent({ visibility: 'joined', membership: { before, after }, joinedLater: false });
  assert.ok(bySides('invite', 'join'));
  assert.ok(bySides('join', 'ban'));
  assert.ok(!bySides('invite', 'leave'));
});

test('what is not understood is shared', () => {
  assert.equal(historyVisibilityOf(undefined), 'shared');
  assert.equal(historyVisibilityOf({}), 'shared');
  assert.equal(historyVisibilityOf({ history_visibility: 'secret' }), 'shared');
  assert.equal(historyVisibilityOf({ history_visibility: 'joined' }), 'joined');
});
