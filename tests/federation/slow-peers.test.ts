import { federationTests } from './federation-test.ts';
import { HostileRoom, playAnswers } from './hostile-room.ts';
import { checkDatabase } from '../harness/check-database.ts';
import { registerUser } from '../harness/client.ts';

const test = federationTests();

/** More rooms than have their events taken in at once. */
const ROOMS = 25;

test('nobody waits behind a server that never answers what its events stand on', async (given) => {
  const { one, newPeer } = given;
  const [hostile, honest] = [await newPeer(), await newPeer()];
  const alice = await registerUser(one, 'patient');
  const rooms: HostileRoom[] = [];
  for (let count = 0; count < ROOMS; count += 1) {
    rooms.push(await HostileRoom.open(given, alice, { hostile, honest }));
  }
  // It takes every question, and transactions too, and says nothing.
  playAnswers(hostile, () => undefined);
  for (const room of rooms) {
    await room.send([room.make({ prev_events: room.unknown(1) }).pdu]);
  }
  await Promise.all(rooms.map((room) => room.hearCarol()));
  await one.stop();
  await checkDatabase(one);
  await one.restart();
});
