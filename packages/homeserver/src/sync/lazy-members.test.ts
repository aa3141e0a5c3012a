import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LazyMembers } from './lazy-members.ts';

const [DEVICE, ROOM, MEMBER, EVENT] = [1, 2, 3, 4];

test('a member counts as sent once the client has come back with the token', () => {
  const members = new LazyMembers();
  assert.equal(members.wasSent(DEVICE, ROOM, MEMBER, EVENT, 100), false);
  members.remember(DEVICE, ROOM, MEMBER, EVENT, 10);
  assert.equal(members.wasSent(DEVICE, ROOM, MEMBER, EVENT, 9), false);
  assert.equal(members.wasSent(DEVICE, ROOM, MEMBER, EVENT, 10), true);
});

test('sent again after a lost answer, the first position is enough', () => {
  const members = new LazyMembers();
  members.remember(DEVICE, ROOM, MEMBER, EVENT, 10);
  members.remember(DEVICE, ROOM, MEMBER, EVENT, 20);
  assert.equal(members.wasSent(DEVICE, ROOM, MEMBER, EVENT, 10), true);
});

test('another event of the member, another device and another room are not sent', () => {
  const members = new LazyMembers();
  members.remember(DEVICE, ROOM, MEMBER, EVENT, 10);
  assert.equal(members.wasSent(DEVICE, ROOM, MEMBER, EVENT + 1, 10), false);
  assert.equal(members.wasSent(DEVICE + 1, ROOM, MEMBER, EVENT, 10), false);
  assert.equal(members.wasSent(DEVICE, ROOM + 1, MEMBER, EVENT, 10), false);
  members.remember(DEVICE, ROOM, MEMBER, EVENT + 1, 20);
  assert.equal(members.wasSent(DEVICE, ROOM, MEMBER, EVENT, 20), false);
  assert.equal(members.wasSent(DEVICE, ROOM, MEMBER, EVENT + 1, 20), true);
});

test('what is forgotten is sent again', () => {
  const members = new LazyMembers();
  members.remember(DEVICE, ROOM, MEMBER, EVENT, 10);
  members.forget(DEVICE, ROOM);
  assert.equal(members.wasSent(DEVICE, ROOM, MEMBER, EVENT, 10), false);
});

test('a room with very many members forgets rather than grows, and claims nothing false', () => {
  const members = new LazyMembers();
  for (let member = 1; member <= 5_000; member += 1) {
    members.remember(DEVICE, ROOM, member, member * 2, 10);
  }
  assert.equal(members.wasSent(DEVICE, ROOM, 1, 2, 10), false);
  assert.equal(members.wasSent(DEVICE, ROOM, 5_000, 10_000, 10), true);
});
