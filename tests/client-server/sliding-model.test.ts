import assert from 'node:assert/strict';

import fc from 'fast-check';

import { createRoom } from '../harness/client.ts';
import { perform, steps, type Step } from './model/room-script.ts';
import { requirements, SlidingClient, type Question } from './model/sliding-client.ts';
import { act } from './requests.ts';
import { serverTests, type ServerUnderTest } from './server-test.ts';
import { sync } from './sync-view.ts';

const test = serverTests();
const ROOMS = 3;

/** Something happens in a room, or the guest's clients ask. */
type Happening = readonly [room: number, step: Step] | Question;

const question: fc.Arbitrary<Question> = fc.record(
  {
    first: fc.constantFrom(0, 0, 1),
    last: fc.nat(ROOMS),
    limit: fc.constantFrom(0, 1, 3, 20),
    required: fc.constantFrom(...(['topic', 'others', 'all'] as const)),
    subscribed: fc.option(fc.nat(ROOMS - 1), { nil: undefined }),
  },
  { noNullPrototype: true },
);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.nat(ROOMS - 1), fc.constantFrom(...steps)) },
  { weight: 1, arbitrary: question },
);
const everything: Question = {
  first: 0,
  last: 99,
  limit: 100,
  required: 'all',
  subscribed: undefined,
};

async function follow(given: ServerUnderTest, script: readonly Happening[]): Promise<void> {
  const [owner, guest] = [await given.user('owner'), await given.newUser()];
  const rooms: string[] = [];
  for (let index = 0; index < ROOMS; index += 1) {
    const roomId = await createRoom(owner, { preset: 'public_chat' });
    await act(guest, roomId, 'join');
    rooms.push(roomId);
  }
  const client = new SlidingClient(guest, rooms);
  for (const what of script) {
    if ('first' in what) await client.slide(what);
    else await perform(what[1], { owner, guest, roomId: rooms[what[0]] ?? '' });
  }
  await client.slide(everything);
  const view = await sync(guest);
  assert.deepEqual(client.joined(), view.rooms('join').toSorted());
}

test('whatever happens and is asked, a client of sliding sync knows what it is shown', async (given) => {
  assert.deepEqual(Object.keys(requirements), ['topic', 'others', 'all']);
  const script = fc.array(happening, { minLength: 5, maxLength: 40 });
  const property = fc.asyncProperty(script, (chosen) => follow(given, chosen));
  await fc.assert(property, { numRuns: 15 });
});
