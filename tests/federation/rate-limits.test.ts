import assert from 'node:assert/strict';

import type { Response } from '../harness/api.ts';
import { registerUser, sync } from '../harness/client.ts';
import type { TestUser } from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import type { TestPeer } from '../harness/peer.ts';
import { assertRefused, federationTests } from './federation-test.ts';
import { buildInvite, sendInvite } from './played-invite.ts';
import { PlayedRoom } from './played-room.ts';

const INVITES_MAX = 3;

const test = federationTests({
  rc_federation: { sleep_limit: 2, sleep_delay: 1_000, reject_limit: 1, concurrent: 1 },
});
const testInvites = federationTests({
  rc_invites: { per_user: { per_second: 0.001, burst_count: INVITES_MAX } },
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

testInvites(
  'a server that floods a user with invitations is refused, and others are invited',
  async ({ one, newPeer }) => {
    const [hostile, honest] = [await newPeer(), await newPeer()];
    const [alice, bob] = [await registerUser(one, 'flooded'), await registerUser(one, 'spared')];
    const inviteBy = (peer: TestPeer, { userId }: TestUser): Promise<Response> => {
      const room = new PlayedRoom(peer);
      return sendInvite(one, room, buildInvite(room, userId));
    };
    for (let count = 0; count < 10; count += 1) {
      const answer = await inviteBy(hostile, alice);
      if (count < INVITES_MAX) assert.equal(answer.status, 200, JSON.stringify(answer.body));
      else assertRefused(answer, 429, 'M_LIMIT_EXCEEDED');
    }
    assert.equal((await inviteBy(honest, bob)).status, 200);
    const { body } = await sync(alice);
    assert.equal(Object.keys(valueAt(body, 'rooms', 'invite') ?? {}).length, INVITES_MAX);
  },
);
