import assert from 'node:assert/strict';

import { v3 } from '../client-server/requests.ts';
import { pathOf } from '../harness/api.ts';
import { createRoom, registerUser, type TestUser } from '../harness/client.ts';
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
  const faults = one
    .logs()
    .slice(logged)
    .split('\n')
    .filter((line) => /"level":(?:50|60|"error"|"fatal")/.test(line));
  assert.deepEqual(faults, []);
});
