import assert from 'node:assert/strict';

import { pathOf } from '../harness/api.ts';
import { valueAt } from '../harness/json-path.ts';
import { assertRefused, federationTests } from './federation-test.ts';

const federationTest = federationTests();

federationTest('a transaction is answered, and gets the same answer again', async (given) => {
  const peer = await given.newPeer();
  const pdu = {
    type: 'm.room.message',
    room_id: '!elsewhere:example.org',
    sender: `@bob:${peer.serverName}`,
    content: {},
    depth: 1,
    auth_events: [],
    prev_events: [],
    origin_server_ts: 1,
    hashes: { sha256: 'x' },
    signatures: {},
  };
  const target = pathOf`/_matrix/federation/v1/send/${'a transaction'}`;
  const body = { origin: peer.serverName, origin_server_ts: 1, pdus: [pdu], edus: [] };
  const send = () => peer.request(given.one.serverName, 'PUT', target, { body });
  const first = await send();
  assert.equal(first.status, 200);
  const results = Object.values(Object(valueAt(first.body, 'pdus')));
  assert.deepEqual(results, [{ error: 'This server is not in the room' }]);
  assert.deepEqual((await send()).body, first.body);
});

federationTest('a transaction that holds too much, or is none, is refused', async (given) => {
  const peer = await given.newPeer();
  const target = '/_matrix/federation/v1/send/1';
  const send = (body: { pdus: object[]; edus: object[] }) =>
    peer.request(given.one.serverName, 'PUT', target, { body: JSON.parse(JSON.stringify(body)) });
  const many = (length: number) => Array.from({ length }, () => ({}));
  assertRefused(await send({ pdus: many(51), edus: [] }), 400, 'M_BAD_JSON');
  assertRefused(await send({ pdus: [], edus: many(101) }), 400, 'M_BAD_JSON');
  const unsigned = { body: { pdus: [] }, authorization: null };
  const answer = await peer.request(given.one.serverName, 'PUT', target, unsigned);
  assertRefused(answer, 401, 'M_UNAUTHORIZED');
});
