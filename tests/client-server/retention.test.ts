import assert from 'node:assert/strict';

import { createRoom, sendState, sendText, type TestUser } from '../harness/client.ts';
import { readMessages, refusal, roomPath } from './requests.ts';
import { tell } from './seen-event.ts';
import { serverTests } from './server-test.ts';
import { sync } from './sync-view.ts';

const test = serverTests({
  retention: { enabled: true, allowed_lifetime_min: 50, allowed_lifetime_max: '1h' },
});

/** Waits until the time of the messages that were sent is `ageMs` ago. */
function age(ageMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ageMs);
  });
}

async function messages(user: TestUser, roomId: string): Promise<string[]> {
  const { events } = await readMessages(user, roomId, { limit: 50 });
  return tell(events).filter((text) => text.startsWith('text'));
}

test('messages older than the room keeps them are not shown; its state is', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice, { name: 'Short-lived' });
  const expired = await sendText(alice, roomId, 'text 1');
  assert.deepEqual(await messages(alice, roomId), ['text 1']);
  // The operator's bound wins over the room that wants to keep nothing at all.
  await sendState(alice, roomId, 'm.room.retention', '', { max_lifetime: 1 });
  await age(60);
  assert.deepEqual(await messages(alice, roomId), []);
  assert.equal(await refusal(alice, 'GET', roomPath(roomId, 'event', expired)), '404 M_NOT_FOUND');
  const timeline = tell((await sync(alice)).joined(roomId)?.timeline ?? []);
  assert.ok(timeline.includes('m.room.name') && !timeline.includes('text 1'));
  await sendState(alice, roomId, 'm.room.retention', '', { max_lifetime: 10_000_000_000 });
  assert.deepEqual(await messages(alice, roomId), ['text 1']);
});
