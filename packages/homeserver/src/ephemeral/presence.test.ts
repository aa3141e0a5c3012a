import assert from 'node:assert/strict';
import { test } from 'node:test';

import { presenceDevicesMax } from './limits.ts';
import { Presence } from './presence.ts';

const [ALICE, BOB, PHONE, DESK] = [1, 2, 10, 11];
const second = 1_000;
const times = {
  idleTimeoutMs: 300 * second,
  syncOnlineTimeoutMs: 30 * second,
  lastActiveGranularityMs: 60 * second,
};

function open() {
  const clock = { now: 1_000_000 };
  const presence = new Presence(times, () => clock.now);
  const told: string[] = [];
  presence.onChange((userNid) => told.push(`${userNid} ${presence.of(userNid)?.presence}`));
  const pass = (ms: number): void => {
    clock.now += ms;
    presence.expire();
  };
  return { presence, told, pass };
}

test('a device that ends its sync stays for a while, then is gone', () => {
  const { presence, told, pass } = open();
  const end = presence.follow(ALICE, PHONE, 'online');
  pass(120 * second);
  assert.equal(presence.of(ALICE)?.presence, 'online');
  end();
  pass(29 * second);
  assert.equal(presence.of(ALICE)?.presence, 'online');
  pass(second);
  assert.equal(presence.of(ALICE)?.presence, 'offline');
  assert.deepEqual(told, ['1 online', '1 online', '1 offline']);
});

test('who syncs and does nothing is no longer active, then idle, and comes back by doing something', () => {
  const { presence, pass } = open();
  presence.follow(ALICE, PHONE, 'online');
  assert.equal(presence.of(ALICE)?.isCurrentlyActive, true);
  pass(60 * second);
  assert.equal(presence.of(ALICE)?.isCurrentlyActive, false);
  pass(240 * second);
  assert.equal(presence.of(ALICE)?.presence, 'unavailable');
  presence.follow(ALICE, PHONE, 'online');
  assert.equal(presence.of(ALICE)?.presence, 'unavailable');
  presence.active(ALICE, PHONE);
  assert.equal(presence.of(ALICE)?.presence, 'online');
});

test('the device that is there most decides', () => {
  const { presence } = open();
  presence.follow(ALICE, PHONE, 'unavailable');
  presence.follow(ALICE, DESK, 'online');
  assert.equal(presence.of(ALICE)?.presence, 'online');
  presence.set(ALICE, DESK, 'offline', undefined);
  assert.equal(presence.of(ALICE)?.presence, 'unavailable');
});

test('activity while active tells nobody, a new status message does', () => {
  const { presence, told, pass } = open();
  presence.follow(ALICE, PHONE, 'online');
  pass(10 * second);
  presence.active(ALICE, PHONE);
  assert.equal(told.length, 1);
  presence.set(ALICE, PHONE, 'online', 'busy');
  assert.equal(told.length, 2);
  assert.equal(presence.of(ALICE)?.statusMessage, 'busy');
});

test('activity of who is not known to be there says nothing', () => {
  const { presence, told } = open();
  presence.active(BOB, PHONE);
  assert.deepEqual(told, []);
  assert.equal(presence.of(BOB), undefined);
});

test('changes are remembered by their counter, up to a bound', () => {
  const { presence } = open();
  presence.follow(ALICE, PHONE, 'online');
  const { counter } = presence;
  presence.follow(BOB, PHONE, 'online');
  assert.deepEqual([...(presence.changedSince(counter) ?? [])], [BOB]);
  assert.deepEqual([...(presence.changedSince(presence.counter) ?? [])], []);
  for (let round = 0; round < 21_000; round += 1) presence.set(BOB, PHONE, 'online', `${round}`);
  assert.equal(presence.changedSince(counter), undefined);
});

test('of very many devices those that came first are forgotten', () => {
  const { presence } = open();
  presence.follow(ALICE, PHONE, 'online');
  for (let device = 100; device < 100 + presenceDevicesMax; device += 1) {
    presence.follow(ALICE, device, 'unavailable');
  }
  assert.equal(presence.of(ALICE)?.presence, 'unavailable');
});
