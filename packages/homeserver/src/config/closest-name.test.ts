import assert from 'node:assert/strict';
import { test } from 'node:test';

import { closestName } from './closest-name.ts';

const NAMES = ['server_name', 'pid_file', 'listeners', 'enable_registration', 'port'];

for (const [written, guess] of [
  ['servername', 'server_name'],
  ['Server_Name', 'server_name'],
  ['listener', 'listeners'],
  ['prot', undefined],
  ['pot', 'port'],
  ['enable_registrationn', 'enable_registration'],
  ['something_else', undefined],
  ['', undefined],
] as const) {
  test(`${JSON.stringify(written)} is taken for ${guess}`, () => {
    assert.equal(closestName(written, NAMES), guess);
  });
}
