import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { claimOneTimeKey, uploadOneTimeKeys } from './crash/one-time-keys.ts';
import { logIn, registerUser, sync } from './harness/client.ts';
import { testEngines } from './harness/engines.ts';
import { startHomeserver, type TestHomeserver } from './harness/homeserver-process.ts';
import { listAt, textAt } from './harness/json-path.ts';

const v3 = '/_matrix/client/v3';
const crashes = 6;
const keysPerCrash = 1_000;

/** Runs the jobs until the server, which is killed in the middle of them, is gone. */
async function untilKilled(
  server: TestHomeserver,
  jobs: readonly (() => Promise<void>)[],
): Promise<void> {
  let killed = false;
  const workers = jobs.map(async (job) => {
    while (!killed) {
      await job().catch((error: unknown) => {
        if (!killed) throw error;
      });
    }
  });
  const all = Promise.all(workers);
  try {
    await Promise.race([all, sleep(50 + Math.random() * 300)]);
  } finally {
    killed = true;
    await server.kill();
  }
  await all;
  await server.restart();
}

function declare(start: () => Promise<TestHomeserver>): void {
  test('a key that was handed out is not handed out again after kill -9', async () => {
    await using server = await start();
    const [alice, bob] = [await registerUser(server, 'alice'), await registerUser(server, 'bob')];
    const given: string[] = [];
    for (let crash = 0; crash < crashes; crash += 1) {
      await uploadOneTimeKeys(bob, crash * keysPerCrash, keysPerCrash);
      const job = async (): Promise<void> => {
        const key = await claimOneTimeKey(alice, bob);
        if (key === undefined) await sleep(5);
        else given.push(key);
      };
      await untilKilled(
        server,
        Array.from({ length: 8 }, () => job),
      );
    }
    assert.ok(given.length > crashes, 'there were no claims');
    assert.equal(new Set(given).size, given.length);
  });

  test('messages to a device survive kill -9: none is lost, none comes twice', async () => {
    await using server = await start();
    const alice = await registerUser(server, 'alice');
    const bob = await logIn(server, (await registerUser(server, 'bob')).userId);
    const senders = 4;
    const answered: string[][] = Array.from({ length: senders }, () => []);
    const next = Array.from({ length: senders }, () => 0);
    const received: string[] = [];
    let since = (await sync(bob)).nextBatch;
    const receive = async (): Promise<number> => {
      const { nextBatch, body } = await sync(bob, { since });
      const notes = listAt(body, 'to_device', 'events').map((each) => textAt(each, 'content', 'n'));
      since = nextBatch;
      received.push(...notes);
      return notes.length;
    };
    /** Sends the next message of this sender, under the same transaction until it is answered. */
    const send = async (sender: number): Promise<void> => {
      const note = `${sender}-${next[sender] ?? 0}`;
      const body = { messages: { [bob.userId]: { [bob.deviceId]: { n: note } } } };
      const path = `${v3}/sendToDevice/org.example.note/${note}`;
      const { status } = await alice.request('PUT', path, { body });
      assert.equal(status, 200);
      next[sender] = (next[sender] ?? 0) + 1;
      answered[sender]?.push(note);
    };
    const jobs = [
      ...Array.from({ length: senders }, (_, sender) => () => send(sender)),
      async () => void (await receive()),
    ];
    for (let crash = 0; crash < crashes; crash += 1) await untilKilled(server, jobs);
    for (const sender of answered.keys()) await send(sender);
    while ((await receive()) > 0);
    assert.ok(received.length > crashes * senders, 'there were no messages');
    for (const [sender, notes] of answered.entries()) {
      const ofSender = received.filter((note) => note.startsWith(`${sender}-`));
      assert.deepEqual(ofSender, notes);
    }
  });
}

for (const engine of testEngines()) {
  describe(`encryption (${engine.name})`, () => declare(() => startHomeserver({ engine })));
}
