import assert from 'node:assert/strict';
import { test } from 'node:test';

import { claimOneTimeKey, uploadOneTimeKeys } from './crash/one-time-keys.ts';
import { registerUser } from './harness/client.ts';
import { testEngines } from './harness/engines.ts';
import { startHomeserver } from './harness/homeserver-process.ts';

const claims = 10_000;
const clients = 50;

for (const engine of testEngines()) {
  test(`10,000 claims by 50 clients at once give no key twice (${engine.name})`, async () => {
    await using server = await startHomeserver({ engine });
    const [alice, bob] = [await registerUser(server, 'alice'), await registerUser(server, 'bob')];
    await uploadOneTimeKeys(bob, 0, claims);
    const given: string[] = [];
    let left = claims;
    await Promise.all(
      Array.from({ length: clients }, async () => {
        while ((left -= 1) >= 0) given.push((await claimOneTimeKey(alice, bob)) ?? 'none');
      }),
    );
    assert.equal(given.length, claims);
    assert.equal(new Set(given).size, claims);
    assert.ok(!given.includes('none'));
    assert.equal(await claimOneTimeKey(alice, bob), undefined);
  });
}
