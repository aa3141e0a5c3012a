import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

import { Ledger, sendAgain, WrongAnswer, type OwnedValue } from './crash/ledger.ts';
import { pathOf, type Response } from './harness/api.ts';
import { checkDatabase } from './harness/check-database.ts';
import { createRoom, joinRoom, registerUser, sync, type TestUser } from './harness/client.ts';
import { testEngines } from './harness/engines.ts';
import { startHomeserver, type TestHomeserver } from './harness/homeserver-process.ts';
import { listAt, textAt, valueAt } from './harness/json-path.ts';

const base = '/_matrix/client/v3';
const crashes = 20;
/** Checking the whole database takes longer than a crash: not after every one. */
const crashesPerCheck = 5;
const lifeMsMax = 450;

interface World {
  readonly server: TestHomeserver;
  readonly ledger: Ledger;
  readonly users: readonly TestUser[];
  /** Joins and leaves all the time. */
  readonly guest: TestUser;
  readonly rooms: readonly string[];
}

for (const engine of testEngines()) {
  test(`kill -9 under load loses nothing that was answered (${engine.name})`, async () => {
    await using server = await startHomeserver({ engine });
    const world = await openWorld(server);
    for (let crash = 1; crash <= crashes; crash += 1) {
      await crashUnderLoad(world);
      if (crash % crashesPerCheck === 0) await checkDatabase(server);
      await server.restart();
      await repeatTransactions(world);
      await checkOwnedValues(world);
    }
    await checkHistory(world);
    const answered = world.ledger.messages.filter(({ eventId }) => eventId !== undefined);
    assert.ok(answered.length > crashes, 'the load was no load');
  });
}

async function openWorld(server: TestHomeserver): Promise<World> {
  const names = ['alice', 'bob', 'carol'];
  const users = await Promise.all(names.map((name) => registerUser(server, name)));
  const guest = await registerUser(server, 'guest');
  const rooms: string[] = [];
  const [owner] = users;
  assert.ok(owner !== undefined);
  for (const name of ['one', 'two']) {
    const levels = { state_default: 0 };
    const preset = 'public_chat';
    rooms.push(await createRoom(owner, { name, preset, power_level_content_override: levels }));
  }
  for (const roomId of rooms) for (const user of users) await joinRoom(user, roomId);
  return { server, ledger: new Ledger(), users, guest, rooms };
}

/** Workers ask one thing after the other until the server is killed at some moment. */
async function crashUnderLoad({ server, ledger, users, guest, rooms }: World): Promise<void> {
  const jobs = rooms.flatMap((roomId) => [
    ...users.flatMap((user) => [
      () => ledger.send(user, roomId),
      () => ledger.send(user, roomId),
      () => ledger.setState(user, roomId),
    ]),
    () => ledger.toggleMembership(guest, roomId),
    ...users.slice(1).map((user) => () => ledger.sendReceipt(user, roomId)),
  ]);
  let crashing = false;
  const workers = jobs.map(async (job) => {
    while (!crashing) {
      await nextTurn();
      try {
        await job();
      } catch (error) {
        if (!crashing || error instanceof WrongAnswer) throw error;
      }
    }
  });
  const all = Promise.all(workers);
  try {
    await Promise.race([all, sleep(50 + Math.random() * (lifeMsMax - 50))]);
  } finally {
    crashing = true;
    await server.kill();
  }
  await all;
}

/** What had no answer gets one; what had one gets the same. */
async function repeatTransactions({ ledger }: World): Promise<void> {
  const unanswered = ledger.messages.filter(({ eventId }) => eventId === undefined);
  const last = ledger.messages.slice(-20);
  for (const sent of [...unanswered, ...last]) {
    const before = sent.eventId;
    const eventId = await sendAgain(sent);
    if (before !== undefined) assert.equal(eventId, before);
  }
}

/** Each value is the one that was answered last, or the one that was under way. */
async function checkOwnedValues({ ledger, users, rooms }: World): Promise<void> {
  const [owner] = users;
  assert.ok(owner !== undefined);
  const read = async (key: string, type: string, name: string): Promise<string | undefined> => {
    const [roomId = '', stateKey = ''] = key.split('|');
    const path = base + pathOf`/rooms/${roomId}/state/${type}/${stateKey}`;
    const { status, body } = await owner.request('GET', path);
    return status === 404 ? undefined : textAt(body, name);
  };
  for (const [key, value] of ledger.states) {
    settle(value, await read(key, 'test.value', 'value'), key);
  }
  for (const [key, value] of ledger.memberships) {
    settle(value, await read(key, 'm.room.member', 'membership'), key);
  }
  const { body } = await sync(owner);
  for (const roomId of rooms) {
    const receipts = receiptsIn(body, roomId);
    for (const [key, value] of ledger.receipts) {
      const [room, userId = ''] = key.split('|');
      if (room === roomId) settle(value, receipts.get(userId), key);
    }
  }
}

function settle(value: OwnedValue, found: string | undefined, key: string): void {
  assert.ok(found === value.answered || found === value.asked, `${key}: ${found}`);
  value.answered = found;
  value.asked = found;
}

/** User ID → event ID of the newest receipt. */
function receiptsIn(body: unknown, roomId: string): Map<string, string> {
  const receipts = new Map<string, string>();
  for (const event of listAt(body, 'rooms', 'join', roomId, 'ephemeral', 'events')) {
    const content = valueAt(event, 'content') ?? {};
    for (const [eventId, types] of Object.entries(content)) {
      for (const userId of Object.keys(valueAt(types, 'm.read') ?? {})) {
        receipts.set(userId, eventId);
      }
    }
  }
  return receipts;
}

/** Every message that was answered stands in the room's history once, and nothing else does. */
async function checkHistory({ ledger, users, rooms }: World): Promise<void> {
  const [owner] = users;
  assert.ok(owner !== undefined);
  for (const roomId of rooms) {
    const sent = ledger.messages.filter((one) => one.roomId === roomId);
    const expected = sent.map(({ eventId, transactionId }) => `${eventId} ${transactionId}`);
    const found: string[] = (await readHistory(owner, roomId))
      .filter((event) => valueAt(event, 'type') === 'm.room.message')
      .map((event) => `${textAt(event, 'event_id')} ${textAt(event, 'content', 'body')}`);
    assert.deepEqual(found.sort(), expected.sort());
  }
}

async function readHistory(user: TestUser, roomId: string): Promise<unknown[]> {
  const events: unknown[] = [];
  let from: string | undefined;
  do {
    const query = { dir: 'b', limit: 1000, ...(from === undefined ? {} : { from }) };
    const path = base + pathOf`/rooms/${roomId}/messages`;
    const page: Response = await user.request('GET', path, { query });
    events.push(...listAt(page.body, 'chunk'));
    const end = valueAt(page.body, 'end');
    from = typeof end === 'string' ? end : undefined;
  } while (from !== undefined);
  return events;
}
