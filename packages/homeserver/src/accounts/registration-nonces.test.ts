import assert from 'node:assert/strict';
import { test } from 'node:test';

import { RegistrationNonces } from './registration-nonces.ts';

test('a nonce is good once', () => {
  const nonces = new RegistrationNonces(() => 0);
  const nonce = nonces.issue();
  assert.equal(nonces.spend('another'), false);
  assert.equal(nonces.spend(nonce), true);
  assert.equal(nonces.spend(nonce), false);
});

test('a nonce is good for less than a minute', () => {
  let nowMs = 0;
  const nonces = new RegistrationNonces(() => nowMs);
  const [early, late] = [nonces.issue(), nonces.issue()];
  nowMs = 59_999;
  assert.equal(nonces.spend(early), true);
  nowMs = 60_000;
  nonces.issue();
  assert.equal(nonces.spend(late), false);
});

test('of very many nonces the oldest are forgotten', () => {
  const nonces = new RegistrationNonces(() => 0);
  const first = nonces.issue();
  const second = nonces.issue();
  for (let count = 0; count < 9_999; count += 1) nonces.issue();
  assert.equal(nonces.spend(first), false);
  assert.equal(nonces.spend(second), true);
});
