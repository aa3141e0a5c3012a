import assert from 'node:assert/strict';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { createRoom, joinRoom, sendText } from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { startPushGateway } from '../harness/push-gateway.ts';
import { ok, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';

const gateway = await startPushGateway();
after(() => gateway.close());

const reachable = { ip_range_whitelist: ['127.0.0.1/32'] };
const silent = serverTests({ ...reachable, push: { enabled: false } });
const terse = serverTests({
  ...reachable,
  push: {
    include_content: false,
    group_unread_count_by_room: false,
    jitter_delay: '20ms',
  },
});
const guarded = serverTests();

const pusher = (pushkey: string) => ({
  kind: 'http',
  app_id: 'app',
  pushkey,
  app_display_name: 'App',
  device_display_name: 'Phone',
  lang: 'en',
  data: { url: gateway.url },
});

terse('an operator may keep contents from gateways, and count messages', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice, { preset: 'public_chat', name: 'Lab' });
  await joinRoom(bob, roomId);
  await ok(bob, 'POST', `${v3}/pushers/set`, { body: pusher(bob.userId) });
  await sendText(alice, roomId, 'one');
  const eventId = await sendText(alice, roomId, 'two');
  const isLast = (one: unknown): boolean => valueAt(one, 'event_id') === eventId;
  const told = await gateway.until(bob.userId, (all) => all.some(isLast));
  const last = told.find(isLast);
  assert.equal(valueAt(last, 'counts', 'unread'), 2);
  assert.equal(valueAt(last, 'sender'), alice.userId);
  for (const name of ['content', 'room_name', 'sender_display_name']) {
    assert.equal(valueAt(last, name), undefined, name);
  }
});

silent('an operator may turn pushes off', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  await ok(bob, 'POST', `${v3}/pushers/set`, { body: pusher('silent') });
  await sendText(alice, roomId, 'unheard');
  // What is under way when a server stops is finished.
  await given.server.stop();
  assert.deepEqual(await gateway.until('silent', () => true), []);
  await given.server.restart();
});

guarded('a gateway inside is not reached', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  await ok(bob, 'POST', `${v3}/pushers/set`, { body: pusher('guarded') });
  await sendText(alice, roomId, 'inside');
  while (!given.server.logs().includes('a push was not delivered')) {
    await sleep(50);
  }
  assert.deepEqual(await gateway.until('guarded', () => true), []);
});
