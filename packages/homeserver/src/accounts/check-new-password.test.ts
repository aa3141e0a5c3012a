import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkNewPassword } from './check-new-password.ts';

const strict = {
  enabled: true,
  minimumLength: 8,
  requireDigit: true,
  requireSymbol: true,
  requireLowercase: true,
  requireUppercase: true,
};

test('each demand of the policy has its errcode', () => {
  const refused: readonly (readonly [string, string])[] = [
    ['Ab1-efg', 'M_PASSWORD_TOO_SHORT'],
    ['Abcdef-h', 'M_PASSWORD_NO_DIGIT'],
    ['Abcdef1h', 'M_PASSWORD_NO_SYMBOL'],
    ['abcdef1-', 'M_PASSWORD_NO_UPPERCASE'],
    ['ABCDEF1-', 'M_PASSWORD_NO_LOWERCASE'],
  ];
  for (const [password, errcode] of refused) {
    assert.throws(() => checkNewPassword(password, strict), { status: 400, errcode });
  }
  checkNewPassword('Abcdef1-', strict);
});

test('a policy that is not enabled demands nothing but a bearable length', () => {
  const off = { ...strict, enabled: false };
  checkNewPassword('', off);
  checkNewPassword('a'.repeat(512), off);
  assert.throws(() => checkNewPassword('a'.repeat(513), off), { errcode: 'M_INVALID_PARAM' });
});
