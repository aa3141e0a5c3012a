import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

import { pathOf } from '../harness/api.ts';
import { checkDatabase } from '../harness/check-database.ts';
import { createRoom, joinRoom, registerUser, sync, type TestUser } from '../harness/client.ts';
import { testEngines } from '../harness/engines.ts';
import { soonAgain, startFederation, type FederatedServer } from '../harness/federation.ts';
import { listAt, textAt } from '../harness/json-path.ts';
import { untilTexts } from './room-texts.ts';

const v3 = '/_matrix/client/v3';
const crashes = 6;
const lifeMsMax = 400;

/** What was asked for under a transaction ID of its own, until it is answered. */
interface Asked {
  readonly user: TestUser;
  readonly path: string;
  readonly body: object;
  isAnswered: boolean;
}

interface World {
  readonly servers: readonly [FederatedServer, FederatedServer];
  readonly users: readonly [TestUser, TestUser];
  readonly rooms: readonly string[];
  /** A text is the body of one message. */
  readonly texts: Map<string, string[]>;
  /** What each device was sent. */
  readonly toDevice: Map<TestUser, string[]>;
  readonly asked: Asked[];
}

for (const engine of testEngines()) {
  test(`kill -9 of either server in an exchange loses nothing, and repeats nothing (${engine.name})`, async () => {
    const federation = await startFederation({
      engine,
      servers: 2,
      config: soonAgain,
    });
    try {
      const [one, two] = federation.servers;
      assert.ok(one !== undefined && two !== undefined);
      const world = await openWorld(one, two);
      for (let crash = 0; crash < crashes; crash += 1) {
        const server = crash % 2 === 0 ? one : two;
        await crashUnderLoad(world, server, 50 + Math.random() * (lifeMsMax - 50));
        if (crash === crashes / 2) await checkDatabase(server);
        await server.restart();
        for (const each of world.asked) if (!each.isAnswered) await ask(each);
      }
      await checkArrived(world);
      for (const server of world.servers) {
        await server.stop();
        await checkDatabase(server);
      }
    } finally {
      await federation.dispose();
    }
  });
}

async function openWorld(one: FederatedServer, two: FederatedServer): Promise<World> {
  const users = [await registerUser(one, 'alice'), await registerUser(two, 'bob')] as const;
  const rooms: string[] = [];
  for (const alias of ['first', 'second']) {
    rooms.push(await createRoom(users[0], { preset: 'public_chat', room_alias_name: alias }));
    await joinRoom(users[1], `#${alias}:${one.serverName}`);
  }
  return {
    servers: [one, two],
    users,
    rooms,
    texts: new Map(rooms.map((roomId) => [roomId, []])),
    toDevice: new Map(users.map((user) => [user, []])),
    asked: [],
  };
}

/** Both users send one thing after the other until one of the servers is killed. */
async function crashUnderLoad(
  world: World,
  server: FederatedServer,
  lifeMs: number,
): Promise<void> {
  const jobs = world.users.flatMap((user, index) => {
    const other = world.users[1 - index] ?? user;
    return [
      ...world.rooms.map((roomId) => () => say(world, user, roomId)),
      () => tellDevice(world, user, other),
    ];
  });
  let crashing = false;
  const workers = jobs.map(async (job) => {
    while (!crashing) {
      await nextTurn();
      await job().catch((error: unknown) => {
        if (!crashing || error instanceof assert.AssertionError) throw error;
      });
    }
  });
  const all = Promise.all(workers);
  try {
    await Promise.race([all, sleep(lifeMs)]);
  } finally {
    crashing = true;
    await server.kill();
  }
  await all;
}

function say(world: World, user: TestUser, roomId: string): Promise<void> {
  const text = randomUUID();
  world.texts.get(roomId)?.push(text);
  const path = v3 + pathOf`/rooms/${roomId}/send/m.room.message/${text}`;
  return begin(world, user, path, { msgtype: 'm.text', body: text });
}

function tellDevice(world: World, user: TestUser, other: TestUser): Promise<void> {
  const text = randomUUID();
  world.toDevice.get(other)?.push(text);
  const path = v3 + pathOf`/sendToDevice/org.example.note/${text}`;
  return begin(world, user, path, {
    messages: { [other.userId]: { [other.deviceId]: { text } } },
  });
}

function begin(world: World, user: TestUser, path: string, body: object): Promise<void> {
  const asked = { user, path, body, isAnswered: false };
  world.asked.push(asked);
  return ask(asked);
}

async function ask(asked: Asked): Promise<void> {
  const { status, body } = await asked.user.request('PUT', asked.path, { body: asked.body });
  assert.equal(status, 200, JSON.stringify(body));
  asked.isAnswered = true;
}

/** Everything is there on both sides, and once. */
async function checkArrived({ users, rooms, texts, toDevice }: World): Promise<void> {
  for (const roomId of rooms) {
    const said = texts.get(roomId) ?? [];
    assert.ok(said.length > crashes, 'the load was no load');
    for (const user of users) await untilTexts(user, roomId, said);
  }
  for (const user of users) {
    const expected = toDevice.get(user)?.toSorted() ?? [];
    const found: string[] = [];
    const deadline = performance.now() + 30_000;
    for (let since: string | undefined; found.length < expected.length;) {
      assert.ok(performance.now() < deadline, `${expected.length - found.length} do not come`);
      const { nextBatch, body } = await sync(user, {
        timeoutMs: since === undefined ? 0 : 1_000,
        ...(since === undefined ? {} : { since }),
      });
      since = nextBatch;
      for (const event of listAt(body, 'to_device', 'events')) {
        found.push(textAt(event, 'content', 'text'));
      }
    }
    assert.deepEqual(found.toSorted(), expected);
  }
}
