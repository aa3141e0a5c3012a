import assert from 'node:assert/strict';

import { isJsonObject, roomVersion } from '@soma/protocol';

import { readMessages } from '../client-server/requests.ts';
import { registerAdmin, sendText, sync } from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { federationTests } from './federation-test.ts';
import { forkedRoom, said, sendPdus, untilEnds } from './forked-room.ts';
import { signEvent } from './played-user.ts';

const test = federationTests({ cleanup_extremities_with_dummy_events: false });
const version = roomVersion('11') ?? assert.fail();

test('a timeline that begins has the order of history, and paging back goes on where it ends', async (given) => {
  const admin = await registerAdmin(given.one, 'history-admin');
  const { alice, bob, roomId } = await forkedRoom(given, 'history', []);
  const template = valueAt((await bob.make(given.one, 'leave', roomId)).body, 'event');
  assert.ok(isJsonObject(template));
  const { state_key: _, ...event } = template;
  for (const text of ['1', '2', '3', '4']) await sendText(alice, roomId, text);
  // It comes late, and is about as old as the first.
  const late = signEvent(bob.peer, version, { ...event, ...said('late') });
  await sendPdus(bob, given.one.serverName, [late.pdu]);
  await untilEnds(admin, roomId, 2);

  const filter = { room: { timeline: { limit: 3 } } };
  const { body } = await sync(alice, { filter });
  const timeline = valueAt(body, 'rooms', 'join', roomId, 'timeline');
  const bodies = listAt(timeline, 'events').map((each) => textAt(each, 'content', 'body'));
  assert.deepEqual(bodies, ['2', '3', '4']);
  const page = await readMessages(alice, roomId, {
    dir: 'b',
    limit: 2,
    from: textAt(timeline, 'prev_batch'),
  });
  assert.deepEqual(
    page.events.map((each) => valueAt(each, 'content', 'body')),
    ['late', '1'],
  );
});
