import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import { v3 } from '../client-server/requests.ts';
import { checkDatabase } from '../harness/check-database.ts';
import { createRoom, registerUser, sendText } from '../harness/client.ts';
import { peakDuring, residentMemory } from '../harness/resident-memory.ts';
import { federationTests } from './federation-test.ts';
import { said } from './forked-room.ts';
import { HostileRoom, playAnswers, templateFor } from './hostile-room.ts';
import { PlayedUser, signEvent } from './played-user.ts';
import { slowAnswers, startMuteServer } from './slow-answers.ts';
import { recordTransactions } from './transaction-record.ts';

const test = federationTests();

/** More rooms than have their events taken in at once. */
const ROOMS = 22;
/** What the slowest answers of all may cost together. */
const MEGABYTES_MAX = 150;

test('nobody waits behind a server that never answers what its events stand on', async (given) => {
  const { one, newPeer } = given;
  const [hostile, honest] = [await newPeer(), await newPeer()];
  const alice = await registerUser(one, 'patient');
  const rooms: HostileRoom[] = [];
  for (let count = 0; count < ROOMS; count += 1) {
    rooms.push(await HostileRoom.open(given, alice, { hostile, honest }));
  }
  // It takes every question, and says nothing.
  playAnswers(hostile, () => undefined);
  for (const room of rooms) {
    await room.send([room.make({ prev_events: room.unknown(1) }).pdu]);
  }
  for (const room of rooms) await room.hearCarol();
  // What is being asked does not hold up a stop.
  await one.stop();
  await checkDatabase(one);
  await one.restart();
});

test('an event that a server tells of before its own, and knows nothing of, comes with its own', async (given) => {
  const room = await HostileRoom.open(given, 'forestalled');
  const { mallory, carol, server, roomId } = room;
  const template = await templateFor(carol, server, roomId);
  const parent = signEvent(carol.peer, room.version, { ...template, ...said('parent') });
  const child = signEvent(carol.peer, room.version, {
    ...template,
    ...said('child'),
    prev_events: [parent.eventId],
  });
  playAnswers(mallory.peer, () => undefined);
  playAnswers(carol.peer, (action) =>
    action === 'get_missing_events' ? { events: [parent.pdu] } : {},
  );
  await room.send([child.pdu]);
  while (!mallory.peer.asked.some((asked) => asked.includes('get_missing_events'))) await sleep(20);
  await room.send([child.pdu], [], carol);
  await room.untilSeen(child.eventId);
});

test('nobody waits behind servers that answer slowly or not at all', async ({ one, newPeer }) => {
  const mute = await startMuteServer();
  const alice = await registerUser(one, 'sender');
  const profileOf = (userId: string) =>
    alice.request('GET', `${v3}/profile/${encodeURIComponent(userId)}`);
  const asking = profileOf(`@nobody:${mute.serverName}`);
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  const honest = new PlayedUser(await newPeer(), 'carol');
  const record = recordTransactions(honest.peer);
  await honest.become(one, 'join', roomId);
  for (const answer of Object.values(slowAnswers)) {
    const hostile = new PlayedUser(await newPeer(), 'mallory');
    await hostile.become(one, 'join', roomId);
    hostile.peer.answer = (_, response) => answer(response);
  }
  const before = residentMemory(one.pid());
  const sending = async (): Promise<void> => {
    for (let count = 1; count <= 10; count += 1) {
      await sendText(alice, roomId, `text ${count}`);
      await record.until(() => JSON.stringify(record.pdus()).includes(`text ${count}"`));
      await sleep(100);
    }
  };
  const peak = await peakDuring(one.pid(), sending());
  assert.ok(peak - before < MEGABYTES_MAX, `${before} MB before, ${peak} MB at most`);
  // Who takes a connection and says not even who it is, is not waited for without end.
  assert.equal((await asking).status, 502);
  mute.close();
});
