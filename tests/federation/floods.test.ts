import assert from 'node:assert/strict';

import type { JsonObject } from '@soma/protocol';

import { checkDatabase } from '../harness/check-database.ts';
import { textAt } from '../harness/json-path.ts';
import { peakDuring, residentMemory } from '../harness/resident-memory.ts';
import { rowCounts } from '../harness/row-counts.ts';
import { federationTests } from './federation-test.ts';
import { HostileRoom, sendTransaction } from './hostile-room.ts';

const test = federationTests();

const FLOOD = 200;
const EDUS_PER_TRANSACTION = 100;
const MADE_UP_USERS = 10_000;
/** Receipts of one room that are kept for events that may still come. */
const WAITING_RECEIPTS_MAX = 1_000;
/** What a room that has just begun may still bring to a table by itself. */
const OTHER_ROWS_MAX = 30;
const MEGABYTES_MAX = 150;

test('a server that sends too much at once is refused, and no other is', async (given) => {
  const { one, newPeer } = given;
  const [hostile, honest] = [await newPeer(), await newPeer()];
  const flood = Promise.all(Array.from({ length: FLOOD }, () => sendTransaction(hostile, one, [])));
  for (let count = 0; count < 5; count += 1) {
    assert.equal((await sendTransaction(honest, one, [])).status, 200);
  }
  const statuses = (await flood).map(({ status }) => status);
  assert.deepEqual(new Set(statuses), new Set([200, 429]));
  assert.ok(statuses.filter((status) => status === 429).length > FLOOD / 2, statuses.join(' '));
});

/** EDUs that are about nobody and nothing here, `count` of each kind. */
function pointlessEdus(room: HostileRoom, count: number): JsonObject[] {
  const { mallory, alice, server, carol } = room;
  const { serverName } = mallory.peer;
  const filling = 'x'.repeat(10_000);
  const kinds: ((index: number) => [string, JsonObject])[] = [
    (index) => [
      'm.direct_to_device',
      {
        sender: mallory.userId,
        type: 'm.flood',
        message_id: `${Math.random()}`,
        messages: { [`@nobody${index}:${server.serverName}`]: { '*': { filling } } },
      },
    ],
    (index) => [
      'm.direct_to_device',
      {
        sender: mallory.userId,
        type: 'm.flood',
        message_id: `${Math.random()}`,
        messages: { [alice.userId]: { [`NONE${index}`]: { filling } } },
      },
    ],
    (index) => [
      'm.device_list_update',
      { user_id: `@made-up${index}:${serverName}`, device_id: filling, stream_id: index },
    ],
    (index) => ['m.signing_key_update', { user_id: `@made-up${index}:${serverName}` }],
    (index) => [
      'm.typing',
      { room_id: `!none${index}:${serverName}`, user_id: mallory.userId, typing: true },
    ],
    (index) => [
      'm.typing',
      { room_id: room.roomId, user_id: `@made-up${index}:${serverName}`, typing: true },
    ],
    () => ['m.presence', { push: [{ user_id: carol.userId, presence: 'online' }] }],
    (index) => [
      'm.presence',
      { push: [{ user_id: `@made-up${index}:${serverName}`, presence: 'online' }] },
    ],
    (index) => [
      'm.receipt',
      { [`!none${index}:${serverName}`]: receiptOf(mallory.userId, `$${filling}`) },
    ],
    (index) => [
      'm.receipt',
      { [room.roomId]: receiptOf(`@made-up${index}:${serverName}`, '$unknown') },
    ],
    (index) => [`org.example.${index}`, { filling }],
  ];
  return Array.from({ length: count }, (_, index) =>
    kinds.map((kind) => {
      const [type, content] = kind(index);
      return { edu_type: type, content };
    }),
  ).flat();
}

function receiptOf(userId: string, eventId: string): JsonObject {
  return { 'm.read': { [userId]: { event_ids: [eventId], data: { ts: 1 } } } };
}

test('EDUs about nobody leave nothing behind', async (given) => {
  const room = await HostileRoom.open(given, 'flooded');
  const stateBefore = await room.state();
  const rowsBefore = await rowCounts(given.one);
  const memoryBefore = residentMemory(given.one.pid());
  const madeUp = Array.from({ length: MADE_UP_USERS }, (_, index) => index);
  const many: JsonObject = {
    sender: room.mallory.userId,
    type: 'm.flood',
    message_id: 'many',
    messages: Object.fromEntries(
      madeUp.map((index) => [`@u${index}:${given.one.serverName}`, { '*': {} }]),
    ),
  };
  const edus = [
    { edu_type: 'm.direct_to_device', content: many },
    ...pointlessEdus(room, 50),
    // Each takes a place of its own until its event comes.
    ...Array.from({ length: WAITING_RECEIPTS_MAX + 200 }, (_, index) => ({
      edu_type: 'm.receipt',
      content: {
        [room.roomId]: {
          'm.read': {
            [room.mallory.userId]: {
              event_ids: [`$${`${index}`.padEnd(43, 'x')}`],
              data: { ts: 1 },
            },
          },
        },
      },
    })),
  ];
  let transactions = 0;
  const flooding = async (): Promise<void> => {
    for (let start = 0; start < edus.length; start += EDUS_PER_TRANSACTION) {
      const { status } = await room.send([], edus.slice(start, start + EDUS_PER_TRANSACTION));
      assert.equal(status, 200);
      transactions += 1;
    }
  };
  const peak = await peakDuring(given.one.pid(), flooding());
  assert.ok(peak - memoryBefore < MEGABYTES_MAX, `${memoryBefore} MB before, ${peak} MB at most`);
  const rowsAfter = await rowCounts(given.one);
  const most: Readonly<Record<string, number>> = {
    received_transactions: transactions,
    waiting_receipts: WAITING_RECEIPTS_MAX,
  };
  for (const [table, count] of Object.entries(rowsAfter)) {
    const more = count - (rowsBefore[table] ?? 0);
    assert.ok(more <= (most[table] ?? OTHER_ROWS_MAX), `${table} has ${more} rows more`);
  }
  await room.assertUnharmed(stateBefore);
});

test('a question about a hundred thousand users holds up nobody', async (given) => {
  const room = await HostileRoom.open(given, 'questioned');
  const before = await room.state();
  const { one } = given;
  const named = Array.from({ length: 100_000 }, (_, index) => [
    `@user${index}:${one.serverName}`,
    [],
  ]);
  const body = { device_keys: Object.fromEntries(named) };
  const oneTime = named.map(([userId]) => [userId, { DEVICE: 'signed_curve25519' }]);
  const target = '/_matrix/federation/v1/user/keys';
  const asking = Promise.all([
    room.mallory.peer.request(one.serverName, 'POST', `${target}/query`, { body }),
    room.mallory.peer.request(one.serverName, 'POST', `${target}/claim`, {
      body: { one_time_keys: Object.fromEntries(oneTime) },
    }),
  ]);
  await room.assertUnharmed(before);
  for (const { status, body: answer } of await asking) {
    assert.ok(status === 200 || textAt(answer, 'errcode').startsWith('M_'), `${status}`);
    assert.ok(status < 500, JSON.stringify(answer));
  }
  await one.stop();
  await checkDatabase(one);
  await one.restart();
});
