import assert from 'node:assert/strict';

import { signJson, type JsonObject } from '@soma/protocol';

import { v3 } from '../client-server/requests.ts';
import { pathOf } from '../harness/api.ts';
import { createRoom, registerUser, type TestUser } from '../harness/client.ts';
import type { FederatedServer } from '../harness/federation.ts';
import type { TestPeer } from '../harness/peer.ts';
import { federationTests } from './federation-test.ts';

const test = federationTests({ federation: { client_timeout: '2s' } });

/** What a server may answer to anything, as it goes over the line. */
const answers: Readonly<Record<string, string>> = {
  nothing: '',
  'no JSON': '{"a":',
  null: 'null',
  'a list': '[1,"a",null,{}]',
  'a text': '"text"',
  'an empty object': '{}',
  'members of the wrong type': JSON.stringify({
    displayname: {},
    avatar_url: 5,
    chunk: [{ room_id: 1 }, null, 'x', { room_id: '!a:b', num_joined_members: 'many' }],
    next_batch: {},
    total_room_count_estimate: 'x',
    room_id: 7,
    servers: [5, null, 'not a server name', {}],
    room: { room_id: {}, children_state: 'x' },
    children: [1],
    inaccessible_children: {},
    device_keys: { '@x:y': [] },
    master_keys: [],
    one_time_keys: 'x',
    event: { content: 5, prev_events: {}, auth_events: 7, type: [] },
    room_version: {},
    events: 'x',
    pdus: {},
  }),
  'members that are null': JSON.stringify({
    displayname: null,
    chunk: null,
    room_id: null,
    servers: null,
    room: null,
    children: null,
    device_keys: null,
    one_time_keys: null,
    event: null,
    room_version: null,
  }),
  'special names': '{"__proto__":{"chunk":[]},"constructor":1,"toString":{},"room_id":"!x:y"}',
  'a deep nest': `{"displayname":"x","room_id":"!x:y","servers":[],"chunk":[],"a":${nested(5_000)}}`,
  'a deeper nest': `{"displayname":"x","event":{"content":${nested(50_000)}}}`,
  'a number without end': `{"displayname":"x","a":${'9'.repeat(10_000)}}`,
  'half a character': '{"displayname":"\\ud800","room_id":"!\\ud800:x","chunk":[]}',
  'more than anybody reads': `{"displayname":"${'x'.repeat(40 * 1024 * 1024)}"}`,
};

/** The log's lines about faults of the server itself. */
function faultsSince(server: FederatedServer, logged: number): string[] {
  const lines = server.logs().slice(logged).split('\n');
  return lines.filter((line) => /"level":(?:50|60)/.test(line));
}

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

type Question = (user: TestUser, serverName: string) => ReturnType<TestUser['request']>;

/** What a client asks that another server has to answer. */
const questions: Readonly<Record<string, Question>> = {
  profile: (user, name) => user.request('GET', v3 + pathOf`/profile/${`@x:${name}`}`),
  'profile field': (user, name) =>
    user.request('GET', v3 + pathOf`/profile/${`@x:${name}`}/displayname`),
  'public rooms': (user, name) =>
    user.request('GET', `${v3}/publicRooms`, { query: { server: name } }),
  'public rooms by a term': (user, name) =>
    user.request('POST', `${v3}/publicRooms`, {
      query: { server: name },
      body: { filter: { generic_search_term: 'x' } },
    }),
  alias: (user, name) => user.request('GET', v3 + pathOf`/directory/room/${`#x:${name}`}`),
  summary: (user, name) =>
    user.request('GET', pathOf`/_matrix/client/v1/room_summary/${`!x:${name}`}`, {
      query: { via: name },
    }),
  keys: (user, name) =>
    user.request('POST', `${v3}/keys/query`, { body: { device_keys: { [`@x:${name}`]: [] } } }),
  'one-time keys': (user, name) =>
    user.request('POST', `${v3}/keys/claim`, {
      body: { one_time_keys: { [`@x:${name}`]: { DEVICE: 'signed_curve25519' } } },
    }),
  join: (user, name) =>
    user.request('POST', v3 + pathOf`/join/${`!x:${name}`}`, { query: { via: name }, body: {} }),
  knock: (user, name) =>
    user.request('POST', v3 + pathOf`/knock/${`!x:${name}`}`, { query: { via: name }, body: {} }),
  media: (user, name) =>
    user.request('GET', pathOf`/_matrix/client/v1/media/download/${name}/media`),
};

/** Fields of a document of keys that are not as they should be; what is signed is signed after them. */
const documents: Readonly<Record<string, (peer: TestPeer, other: TestPeer) => JsonObject>> = {
  'names another server': (_, other) => ({ server_name: other.serverName }),
  'is valid for no time': () => ({ valid_until_ts: 0 }),
  'is valid until the end of time and beyond': () => ({ valid_until_ts: 1e300 }),
  'has no time': () => ({ valid_until_ts: 'soon' }),
  'has keys that are a list': () => ({ verify_keys: [] }),
  'has a key that is none': ({ key }) => ({ verify_keys: { [key.keyId]: { key: 'AAAA' } } }),
  'is too large': () => ({ filling: 'x'.repeat(100_000) }),
  'is nested too deeply': () => ({ filling: JSON.parse(nested(2_000)) }),
};

test('a server whose keys are not as they should be is not believed, and makes no fault', async ({
  one,
  newPeer,
}) => {
  const honest = await newPeer();
  const target = `/_matrix/federation/v1/query/profile?user_id=@x:${one.serverName}`;
  const logged = one.logs().length;
  for (const [title, lie] of Object.entries(documents)) {
    const peer = await newPeer();
    const { serverName, key } = peer;
    peer.publishKeys(() => {
      const { signatures: _, ...document } = { ...peer.keyDocument(), ...lie(peer, honest) };
      return signJson(document, { serverName, keyId: key.keyId, sign: key.sign });
    });
    const { status } = await peer.request(one.serverName, 'GET', target);
    assert.equal(status, 401, `keys of a document that ${title}`);
    assert.equal((await honest.request(one.serverName, 'GET', target)).status, 404);
  }
  // What is valid for longer than anybody believes is valid for as long as one does.
  const peer = await newPeer();
  peer.publishKeys(() => {
    const { signatures: _, ...document } = peer.keyDocument();
    const lasting = { ...document, valid_until_ts: Date.now() + 1e12 };
    const { serverName, key } = peer;
    return signJson(lasting, { serverName, keyId: key.keyId, sign: key.sign });
  });
  assert.equal((await peer.request(one.serverName, 'GET', target)).status, 404);
  assert.deepEqual(faultsSince(one, logged), []);
});

test('no answer of another server makes a fault, whatever was asked', async ({ one, newPeer }) => {
  const peer = await newPeer();
  const alice = await registerUser(one, 'lied-to');
  const roomId = await createRoom(alice);
  const invite: Question = (user, name) =>
    user.request('POST', v3 + pathOf`/rooms/${roomId}/invite`, { body: { user_id: `@x:${name}` } });
  const logged = one.logs().length;
  const failed: string[] = [];
  for (const [title, text] of Object.entries(answers)) {
    for (const contentType of ['application/json', 'text/html']) {
      if (contentType === 'text/html' && text.length > 1_000) continue;
      peer.answer = (_, response) => response.setHeader('content-type', contentType).end(text);
      for (const [name, question] of Object.entries({ ...questions, invite })) {
        const { status, body } = await question(alice, peer.serverName);
        if (status !== 500) continue;
        failed.push(`${name}, answered by ${title}: ${JSON.stringify(body)}`);
      }
    }
  }
  assert.deepEqual(failed, []);
  assert.deepEqual(faultsSince(one, logged), []);
});
