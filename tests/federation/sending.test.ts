import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { contentHashMatches, parsePdu, redactPdu, roomVersion, verifyJson } from '@soma/protocol';

import { pathOf } from '../harness/api.ts';
import {
  createRoom,
  registerAdmin,
  registerUser,
  sendText,
  type TestUser,
} from '../harness/client.ts';
import { testEngines } from '../harness/engines.ts';
import {
  startFederation,
  type FederatedServer,
  type TestFederation,
} from '../harness/federation.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { addMembersElsewhere } from '../harness/members-elsewhere.ts';
import { signingKeyOf, verifySignature } from '../harness/signing-key.ts';
import { assertRefused } from './federation-test.ts';
import { recordTransactions, type TransactionRecord } from './transaction-record.ts';

const adminPath = '/_synapse/admin/v1/federation/destinations';
const roomsMissed = 20;

for (const engine of testEngines()) {
  describe(`sending to other servers (${engine.name})`, () => {
    let federation: TestFederation;
    let server: FederatedServer;
    let alice: TestUser;
    let admin: TestUser;
    /** Each has a room of its own with the server, the last more of them. */
    let peers: TransactionRecord[] = [];
    let rooms: string[] = [];
    let manyRooms: string[] = [];

    before(async () => {
      federation = await startFederation({
        engine,
        servers: 1,
        config: {
          federation: {
            client_timeout: '2s',
          },
        },
      });
      const [first] = federation.servers;
      assert.ok(first !== undefined);
      server = first;
      alice = await registerUser(server, 'alice');
      admin = await registerAdmin(server, 'admin');
      const started = await Promise.all(Array.from({ length: 8 }, () => federation.startPeer()));
      peers = started.map(recordTransactions);
      const make = (): Promise<string> =>
        createRoom(alice, { preset: 'public_chat', room_version: '11' });
      rooms = await Promise.all(peers.map(make));
      manyRooms = await Promise.all(Array.from({ length: roomsMissed }, make));
      await server.stop();
      const bobAt = ({ peer }: TransactionRecord): string => `@bob:${peer.serverName}`;
      await addMembersElsewhere(server, [
        ...peers.map((record, index) => [rooms[index] ?? '', bobAt(record)] as const),
        ...manyRooms.map((roomId) => [roomId, bobAt(at(peers, 7))] as const),
      ]);
      await server.restart();
    });
    after(() => federation.dispose());

    const given = (index: number): { record: TransactionRecord; roomId: string } => ({
      record: at(peers, index),
      roomId: at(rooms, index),
    });
    const destination = async (index: number): Promise<unknown> => {
      const { peer } = at(peers, index);
      const { body } = await admin.request('GET', adminPath + pathOf`/${peer.serverName}`);
      return body;
    };

    const isLeftAlone = async (index: number): Promise<boolean> =>
      Number(valueAt(await destination(index), 'retry_interval') ?? 0) > 0;
    /** The server gets a signed request of the peer. */
    const hearFrom = async ({ peer }: TransactionRecord): Promise<void> => {
      const userId = encodeURIComponent(alice.userId);
      const path = `/_matrix/federation/v1/query/profile?user_id=${userId}`;
      assert.equal((await peer.request(server.serverName, 'GET', path)).status, 200);
    };

    test('a message arrives as its author has signed it', async () => {
      const { record, roomId } = given(0);
      const eventId = await sendText(alice, roomId, 'hello');
      const [pdu] = await record.untilPdus(1);
      assert.ok(pdu !== undefined);
      const version = roomVersion('11');
      assert.ok(version !== undefined);
      const parsed = parsePdu(pdu, version);
      assert.ok(parsed.ok, JSON.stringify(parsed));
      const signed = verifyJson(
        { ...redactPdu(parsed.pdu, version) },
        server.serverName,
        () => signingKeyOf(server).publicKey,
        verifySignature,
      );
      assert.ok(signed.valid, JSON.stringify(signed));
      assert.ok(contentHashMatches(pdu, { sha256: (text) => hash('sha256', text, 'base64') }));
      assert.equal(pdu['unsigned'], undefined);
      assert.equal(valueAt(pdu, 'content', 'body'), 'hello');
      const { body } = await alice.request(
        'GET',
        pathOf`/_matrix/client/v3/rooms/${roomId}/event/${eventId}`,
      );
      assert.deepEqual(valueAt(body, 'origin_server_ts'), pdu['origin_server_ts']);
      const [transaction] = record.transactions;
      assert.equal(valueAt(transaction, 'origin'), server.serverName);
      assert.equal(typeof valueAt(transaction, 'origin_server_ts'), 'number');
    });

    test('typing, receipts and presence arrive', async () => {
      const { record, roomId } = given(1);
      const eventId = await sendText(alice, roomId, 'read this');
      const base = pathOf`/_matrix/client/v3/rooms/${roomId}`;
      const typingPath = base + pathOf`/typing/${alice.userId}`;
      await alice.request('PUT', typingPath, { body: { typing: true, timeout: 30_000 } });
      const typing = await record.untilEdu('m.typing');
      assert.deepEqual(typing, { room_id: roomId, user_id: alice.userId, typing: true });
      await alice.request('POST', base + pathOf`/receipt/m.read.private/${eventId}`, { body: {} });
      await alice.request('POST', base + pathOf`/receipt/m.read/${eventId}`, { body: {} });
      const receipt = await record.untilEdu('m.receipt');
      assert.deepEqual(Object.keys(receipt), [roomId]);
      const ofAlice = valueAt(receipt, roomId, 'm.read', alice.userId);
      assert.deepEqual(valueAt(ofAlice, 'event_ids'), [eventId]);
      assert.equal(typeof valueAt(ofAlice, 'data', 'ts'), 'number');
      const presencePath = pathOf`/_matrix/client/v3/presence/${alice.userId}/status`;
      await alice.request('PUT', presencePath, {
        body: { presence: 'unavailable', status_msg: 'at tea' },
      });
      await record.until(() =>
        record.edus('m.presence').some((content) => {
          const [push] = listAt(content, 'push');
          return valueAt(push, 'status_msg') === 'at tea';
        }),
      );
    });

    for (const [index, [what, play]] of Object.entries({
      'that fails': (record: TransactionRecord) => record.answer(503, { errcode: 'M_UNKNOWN' }),
      'that refuses': (record: TransactionRecord) => record.answer(403, { errcode: 'M_FORBIDDEN' }),
      'that does not answer': (record: TransactionRecord) => record.hang(),
    }).entries()) {
      test(`a server ${what} is left alone for a while, and gets everything later`, async () => {
        const { record, roomId } = given(2 + index);
        play(record);
        await sendText(alice, roomId, 'missed');
        await record.until(() => isLeftAlone(2 + index));
        record.takeAll();
        await sendText(alice, roomId, 'missed too');
        // By now another server has it.
        const { record: other, roomId: otherRoomId } = given(0);
        const taken = other.pdus().length;
        await sendText(alice, otherRoomId, 'beside');
        await other.untilPdus(taken + 1);
        assert.deepEqual(record.pdus(), []);
        await hearFrom(record);
        const [pdu] = await record.untilPdus(1);
        assert.equal(valueAt(pdu, 'content', 'body'), 'missed too', 'the newest of the room');
        assert.equal(await isLeftAlone(2 + index), false);
      });
    }

    test('kill -9 before the answer: the same event is sent again', async () => {
      const { record, roomId } = given(5);
      record.hang();
      await sendText(alice, roomId, 'once');
      await record.until(() => record.seenPdus().length > 0);
      const [first] = record.seenPdus();
      await server.kill();
      record.takeAll();
      await server.restart();
      const [again] = await record.untilPdus(1);
      assert.deepEqual(again, first);
      const ids = new Set(record.ids);
      assert.equal(ids.size, record.ids.length, 'another transaction');
      await sendText(alice, roomId, 'twice');
      assert.equal(valueAt((await record.untilPdus(2))[1], 'content', 'body'), 'twice');
    });

    test('what is said against an event is logged, and the event not sent again', async () => {
      const { record, roomId } = given(6);
      record.refuseEvents('not in my house');
      await sendText(alice, roomId, 'unwelcome');
      await record.untilPdus(1);
      await record.until(() => server.logs().includes('not in my house'));
      assert.equal(await isLeftAlone(6), false);
    });

    test('after an outage no room is left behind, and the operator can end it', async () => {
      const { record } = given(7);
      const { peer } = record;
      record.answer(502, {});
      await sendText(alice, at(manyRooms, 0), 'first');
      await record.until(() => isLeftAlone(7));
      await Promise.all(manyRooms.map((roomId) => sendText(alice, roomId, 'last')));
      record.takeAll();
      const path = adminPath + pathOf`/${peer.serverName}/reset_connection`;
      const answer = await admin.request('POST', path, { body: {} });
      assert.deepEqual([answer.status, answer.body], [200, {}]);
      // An event that became the newest of its room at the same time may come twice.
      const caughtUp = (): Set<unknown> =>
        new Set(
          record
            .pdus()
            .filter((pdu) => valueAt(pdu, 'content', 'body') === 'last')
            .map((pdu) => pdu['room_id']),
        );
      await record.until(() => caughtUp().size === roomsMissed);
      assert.deepEqual(caughtUp(), new Set(manyRooms));
    });

    test('the operator sees the destinations', async () => {
      const names = peers.map(({ peer }) => peer.serverName).toSorted();
      const { body } = await admin.request('GET', adminPath);
      const shown = listAt(body, 'destinations').map((each) => valueAt(each, 'destination'));
      assert.deepEqual(shown, names);
      assert.equal(valueAt(body, 'total'), names.length);
      const page = await admin.request('GET', `${adminPath}?limit=2&from=1&dir=b`);
      assert.equal(valueAt(page.body, 'next_token'), '3');
      assert.deepEqual(
        listAt(page.body, 'destinations').map((each) => valueAt(each, 'destination')),
        names.toReversed().slice(1, 3),
      );
      const found = await admin.request('GET', adminPath + pathOf`?destination=${names[2] ?? ''}`);
      assert.equal(valueAt(found.body, 'total'), 1);
      const { peer } = at(peers, 0);
      const one = await destination(0);
      assert.deepEqual(one, {
        destination: peer.serverName,
        retry_last_ts: 0,
        retry_interval: 0,
        failure_ts: null,
        last_successful_stream_ordering: valueAt(one, 'last_successful_stream_ordering'),
      });
      const roomsPath = adminPath + pathOf`/${peer.serverName}/rooms`;
      const { body: roomsBody } = await admin.request('GET', roomsPath);
      assert.deepEqual(roomsBody, {
        rooms: [
          {
            room_id: at(rooms, 0),
            stream_ordering: valueAt(one, 'last_successful_stream_ordering'),
          },
        ],
        total: 1,
      });
    });

    test('the operator is refused what there is not', async () => {
      const { peer } = at(peers, 0);
      const reset = adminPath + pathOf`/${peer.serverName}/reset_connection`;
      assertRefused(await admin.request('POST', reset, { body: {} }), 400, 'M_UNKNOWN');
      for (const path of ['/nowhere.test', '/nowhere.test/rooms']) {
        assertRefused(await admin.request('GET', adminPath + path), 404, 'M_NOT_FOUND');
      }
      const nowhere = `${adminPath}/nowhere.test/reset_connection`;
      assertRefused(await admin.request('POST', nowhere, { body: {} }), 404, 'M_NOT_FOUND');
      const wrong = `${adminPath}?order_by=name`;
      assertRefused(await admin.request('GET', wrong), 400, 'M_INVALID_PARAM');
      assertRefused(await alice.request('GET', adminPath), 403, 'M_FORBIDDEN');
    });
  });
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  assert.ok(item !== undefined);
  return item;
}
