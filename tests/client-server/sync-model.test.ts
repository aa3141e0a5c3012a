import fc from 'fast-check';

import { createRoom } from '../harness/client.ts';
import { OldClient } from './model/old-client.ts';
import { perform, steps, type Step } from './model/room-script.ts';
import { SyncClient } from './model/sync-client.ts';
import { act } from './requests.ts';
import { serverTests, type ServerUnderTest } from './server-test.ts';

const test = serverTests();

async function follow(given: ServerUnderTest, script: readonly Step[]): Promise<void> {
  const [owner, guest] = [await given.user('owner'), await given.newUser()];
  const roomId = await createRoom(owner, { preset: 'public_chat' });
  const scene = { owner, guest, roomId };
  const clients = [
    new SyncClient(scene, 1, false),
    new SyncClient(scene, 2, true),
    new SyncClient(scene, 4, false),
    new SyncClient(scene, 100, true),
  ];
  const old = [new OldClient(scene, 0), new OldClient(scene, 3)];
  await act(guest, roomId, 'join');
  const syncAll = async (): Promise<void> => {
    for (const client of [...clients, ...old]) await client.sync();
  };
  for (const client of clients) await client.sync();
  for (const client of old) await client.start();
  for (const step of script) {
    await perform(step, scene);
    if (step === 'guest syncs') await syncAll();
  }
  await syncAll();
  for (const client of clients) await client.checkState();
  await act(guest, roomId, 'join');
  await syncAll();
  for (const client of clients) await client.checkState();
  for (const client of [...clients, ...old]) await client.checkHistory();
}

test('whatever happens, clients of each kind that follow know what one that starts now is told', async (given) => {
  const script = fc.array(fc.constantFrom(...steps), { minLength: 5, maxLength: 40 });
  const property = fc.asyncProperty(script, (chosen) => follow(given, chosen));
  const gone: Step[] = ['owner kicks', 'owner speaks', 'guest syncs', 'owner speaks'];
  await fc.assert(property, {
    numRuns: 12,
    examples: [
      [[...gone, 'guest joins', 'guest leaves', 'owner speaks']],
      [[...gone, 'guest joins', 'guest leaves', 'owner invites', 'guest syncs', 'owner speaks']],
    ],
  });
});
