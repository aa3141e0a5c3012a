import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import { act } from '../client-server/requests.ts';
import { pathOf } from '../harness/api.ts';
import {
  createRoom,
  joinRoom,
  registerUser,
  sendState,
  sendText,
  type TestUser,
} from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { federationTests } from './federation-test.ts';

const test = federationTests();
const v3 = '/_matrix/client/v3';

async function bodiesIn(user: TestUser, roomId: string): Promise<unknown[]> {
  const path = v3 + pathOf`/rooms/${roomId}/messages`;
  const { body } = await user.request('GET', path, { query: { dir: 'b', limit: 50 } });
  return listAt(body, 'chunk').map((event) => valueAt(event, 'content', 'body'));
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (await holds()) return;
    await sleep(50);
  }
  assert.fail(`it never came: ${what}`);
}

for (const version of ['1', '2', '3', '5']) {
  test(`events go both ways in a room of version ${version}`, async ({ one, two }) => {
    const alice = await registerUser(one, `old-a${version}`);
    const bob = await registerUser(two, `old-b${version}`);
    const alias = `old${version}`;
    const roomId = await createRoom(alice, {
      room_version: version,
      preset: 'public_chat',
      room_alias_name: alias,
    });
    await joinRoom(bob, `#${alias}:${one.serverName}`);
    await sendText(alice, roomId, 'from one');
    await until('what one says', async () => (await bodiesIn(bob, roomId)).includes('from one'));
    const said = await sendText(bob, roomId, 'from two');
    await until('what two says', async () => (await bodiesIn(alice, roomId)).includes('from two'));
    await sendState(alice, roomId, 'm.room.topic', '', { topic: 'Old' });
    const topic = v3 + pathOf`/rooms/${roomId}/state/m.room.topic`;
    await until(
      'the topic',
      async () => valueAt((await bob.request('GET', topic)).body, 'topic') === 'Old',
    );
    const redaction = v3 + pathOf`/rooms/${roomId}/redact/${said}/1`;
    assert.equal((await alice.request('PUT', redaction, { body: {} })).status, 200);
    await until('the redaction', async () => !(await bodiesIn(bob, roomId)).includes('from two'));
    await act(bob, roomId, 'leave');
    const member = v3 + pathOf`/rooms/${roomId}/state/m.room.member/${bob.userId}`;
    await until(
      'the leave',
      async () => valueAt((await alice.request('GET', member)).body, 'membership') === 'leave',
    );
  });
}
