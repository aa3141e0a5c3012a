import assert from 'node:assert/strict';

import { createRoom } from '../harness/client.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import { readContent, readMessages, readState, refusal, v3 } from './requests.ts';
import { find } from './seen-event.ts';
import { serverTests } from './server-test.ts';
import { sync } from './sync-view.ts';

const test = serverTests();

/** CS API, `POST /createRoom`: what the presets set. */
const presets = [
  [{}, 'invite', 'shared', 'can_join'],
  [{ preset: 'private_chat' }, 'invite', 'shared', 'can_join'],
  [{ preset: 'trusted_private_chat' }, 'invite', 'shared', 'can_join'],
  [{ preset: 'public_chat' }, 'public', 'shared', 'forbidden'],
  [{ visibility: 'private' }, 'invite', 'shared', 'can_join'],
  [{ visibility: 'public' }, 'public', 'shared', 'forbidden'],
  [{ visibility: 'public', preset: 'private_chat' }, 'invite', 'shared', 'can_join'],
] as const;

test('a preset, or else the visibility, sets join rules, visibility and guest access', async (given) => {
  const alice = await given.user('alice');
  for (const [body, joinRule, historyVisibility, guestAccess] of presets) {
    const state = await readState(alice, await createRoom(alice, body));
    const of = (type: string): unknown => find(state, type)?.content;
    const title = JSON.stringify(body);
    assert.deepEqual(of('m.room.join_rules'), { join_rule: joinRule }, title);
    const visibility = { history_visibility: historyVisibility };
    assert.deepEqual(of('m.room.history_visibility'), visibility, title);
    assert.deepEqual(of('m.room.guest_access'), { guest_access: guestAccess }, title);
  }
});

test('the first events come in the order that the specification gives', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.user('bob');
  const roomId = await createRoom(alice, {
    name: 'Fish',
    topic: 'Scales',
    room_alias_name: 'fish-in-order',
    invite: [bob.userId],
    initial_state: [
      { type: 'org.example.second', state_key: 'key', content: { two: 2 } },
      { type: 'm.room.name', content: { name: 'replaced by the name' } },
      { type: 'm.room.guest_access', content: { guest_access: 'forbidden' } },
    ],
  });
  const { events } = await readMessages(alice, roomId, { dir: 'f', limit: 50 });
  assert.deepEqual(
    events.map(({ type, stateKey }) => (stateKey === '' ? type : `${type} ${String(stateKey)}`)),
    [
      'm.room.create',
      `m.room.member ${alice.userId}`,
      'm.room.power_levels',
      'm.room.canonical_alias',
      'm.room.join_rules',
      'm.room.history_visibility',
      'org.example.second key',
      'm.room.guest_access',
      'm.room.name',
      'm.room.topic',
      `m.room.member ${bob.userId}`,
    ],
  );
  const state = await readState(alice, roomId);
  assert.deepEqual(find(state, 'm.room.name')?.content, { name: 'Fish' });
  assert.deepEqual(find(state, 'm.room.guest_access')?.content, { guest_access: 'forbidden' });
  assert.deepEqual(find(state, 'org.example.second', 'key')?.content, { two: 2 });
  const topic = find(state, 'm.room.topic')?.content;
  assert.equal(valueAt(topic, 'topic'), 'Scales');
  assert.equal(valueAt(topic, 'm.topic', 'm.text', 0, 'body'), 'Scales');
});

test('keys of creation_content are kept, but creator and room_version are the server’s', async (given) => {
  const alice = await given.user('alice');
  for (const version of ['10', '12']) {
    const roomId = await createRoom(alice, {
      room_version: version,
      creation_content: {
        'm.federate': false,
        type: 'm.space',
        'org.example.more': { deep: [1, 'two'] },
        creator: '@mallory:elsewhere.example',
        room_version: '1',
      },
    });
    const create = await readContent(alice, roomId, 'm.room.create');
    assert.equal(valueAt(create, 'room_version'), version);
    assert.equal(valueAt(create, 'm.federate'), false);
    assert.equal(valueAt(create, 'type'), 'm.space');
    assert.deepEqual(valueAt(create, 'org.example.more'), { deep: [1, 'two'] });
    assert.equal(valueAt(create, 'creator'), version === '10' ? alice.userId : undefined);
  }
});

test('invitees see the inviter, the flag of a direct chat and the stripped state', async (given) => {
  const alice = await given.user('alice');
  const carol = await given.newUser();
  const roomId = await createRoom(alice, {
    preset: 'trusted_private_chat',
    is_direct: true,
    name: 'Just us',
    topic: 'Plans',
    invite: [carol.userId],
    initial_state: [
      { type: 'm.room.encryption', content: { algorithm: 'm.megolm.v1.aes-sha2' } },
      { type: 'm.room.avatar', content: { url: 'mxc://soma.test/avatar' } },
      { type: 'org.example.private', content: { secret: true } },
    ],
  });
  const view = await sync(carol);
  const events = view.invited(roomId) ?? [];
  const own = find(events, 'm.room.member', carol.userId);
  assert.equal(own?.sender, alice.userId);
  assert.equal(valueAt(own, 'content', 'membership'), 'invite');
  assert.equal(valueAt(own, 'content', 'is_direct'), true);
  assert.equal(find(events, 'm.room.create')?.sender, alice.userId);
  assert.deepEqual(find(events, 'm.room.name')?.content, { name: 'Just us' });
  assert.deepEqual(find(events, 'm.room.join_rules')?.content, { join_rule: 'invite' });
  assert.equal(valueAt(find(events, 'm.room.topic')?.content, 'topic'), 'Plans');
  assert.equal(valueAt(find(events, 'm.room.avatar')?.content, 'url'), 'mxc://soma.test/avatar');
  assert.ok(find(events, 'm.room.encryption'));
  assert.equal(find(events, 'org.example.private'), undefined);
  assert.equal(find(events, 'm.room.power_levels'), undefined);
  assert.deepEqual(view.rooms('join'), []);
});

test('without is_direct the invitation does not say that the chat is direct', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.user('bob');
  const roomId = await createRoom(alice, { invite: [bob.userId] });
  const member = await readContent(alice, roomId, 'm.room.member', bob.userId);
  assert.equal(valueAt(member, 'membership'), 'invite');
  assert.equal(valueAt(member, 'is_direct'), undefined);
});

const refused: readonly (readonly [body: unknown, outcome: string])[] = [
  [{ room_version: 'unheard-of' }, '400 M_UNSUPPORTED_ROOM_VERSION'],
  [{ room_version: 12 }, '400 M_BAD_JSON'],
  [{ preset: 'secret_chat' }, '400 M_BAD_JSON'],
  [{ visibility: 'hidden' }, '400 M_BAD_JSON'],
  [{ invite: ['not a user'] }, '400 M_INVALID_PARAM'],
  [{ invite: 'everyone' }, '400 M_BAD_JSON'],
  [{ initial_state: [{ state_key: '', content: {} }] }, '400 M_MISSING_PARAM'],
  [{ initial_state: [{ type: 'm.room.name', content: 'text' }] }, '400 M_BAD_JSON'],
  [{ creation_content: { number: 1.5 } }, '400 M_BAD_JSON'],
  [{ power_level_content_override: { users_default: '50' } }, '400 M_INVALID_ROOM_STATE'],
  ['{ not json', '400 M_NOT_JSON'],
  ['[]', '400 M_BAD_JSON'],
];

test('a request that makes no sense is refused with the error of its kind', async (given) => {
  const alice = await given.user('alice');
  for (const [body, outcome] of refused) {
    const found = await refusal(alice, 'POST', `${v3}/createRoom`, { body });
    assert.equal(found, outcome, JSON.stringify(body));
  }
});

test('a state that the creator may not set makes no room at all', async (given) => {
  const dora = await given.newUser();
  const body = {
    room_version: '11',
    name: 'Not to be',
    power_level_content_override: { users: { [dora.userId]: 0 }, events: { 'm.room.name': 50 } },
  };
  const found = await refusal(dora, 'POST', `${v3}/createRoom`, { body });
  assert.equal(found, '400 M_INVALID_ROOM_STATE');
  const { json } = await sync(dora);
  assert.equal(valueAt(json, 'rooms'), undefined);
});

test('the older paths create rooms too', async (given) => {
  const alice = await given.user('alice');
  for (const prefix of ['/_matrix/client/r0', '/_matrix/client/api/v1']) {
    const answer = await alice.request('POST', `${prefix}/createRoom`, { body: {} });
    assert.equal(answer.status, 200);
    assert.match(textAt(answer.body, 'room_id'), /^!/);
  }
});
