import assert from 'node:assert/strict';

import { federationTests } from './federation-test.ts';

const test = federationTests({
  rc_federation: { sleep_limit: 2, sleep_delay: 1_000, reject_limit: 1, concurrent: 1 },
});

test('a server that asks too often waits, and then is refused; others are not', async ({
  one,
  newPeer,
}) => {
  const [peer, other] = [await newPeer(), await newPeer()];
  const target = `/_matrix/federation/v1/query/profile?user_id=@nobody:${one.serverName}`;
  const ask = async (from: typeof peer): Promise<number> =>
    (await from.request(one.serverName, 'GET', target)).status;
  const statuses = await Promise.all(Array.from({ length: 10 }, () => ask(peer)));
  assert.deepEqual(new Set(statuses), new Set([404, 429]));
  assert.ok(statuses.filter((status) => status === 404).length <= 4, statuses.join(' '));
  assert.equal(await ask(other), 404);
});
