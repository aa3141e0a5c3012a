import assert from 'node:assert/strict';

import fc from 'fast-check';

import { createRoom, joinRoom, sendText, type TestUser } from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { ok, readMessages, roomPath, v3 } from './requests.ts';
import type { SeenEvent } from './seen-event.ts';
import { serverTests } from './server-test.ts';

const test = serverTests();

/** What happens in the room; an event is named by how many were sent before it. */
type Step =
  | { readonly kind: 'send'; readonly by: number }
  | { readonly kind: 'relate'; readonly by: number; readonly type: string; readonly to: number }
  | { readonly kind: 'redact'; readonly what: number };

const sender = fc.nat(1);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('send' as const), by: sender }),
  {
    arbitrary: fc.record({
      kind: fc.constant('relate' as const),
      by: sender,
      type: fc.constantFrom('m.thread', 'm.replace', 'm.reference'),
      to: fc.nat(20),
    }),
    weight: 4,
  },
  fc.record({ kind: fc.constant('redact' as const), what: fc.nat(20) }),
);

async function run(users: readonly TestUser[], roomId: string, steps: readonly Step[]) {
  const sent: string[] = [];
  const [first] = users;
  assert.ok(first !== undefined);
  for (const one of steps) {
    if (one.kind === 'redact') {
      const target = sent[one.what % Math.max(1, sent.length)];
      if (target === undefined) continue;
      const path = roomPath(roomId, 'redact', target, `${Math.random()}`);
      await ok(first, 'PUT', path, { body: {} });
      continue;
    }
    const user = users[one.by] ?? first;
    const parent = one.kind === 'relate' ? sent[one.to % Math.max(1, sent.length)] : undefined;
    if (one.kind === 'send' || parent === undefined) {
      sent.push(await sendText(user, roomId, 'text'));
      continue;
    }
    const body = {
      msgtype: 'm.text',
      body: 'related',
      ...(one.type === 'm.replace' ? { 'm.new_content': { body: 'new' } } : {}),
      'm.relates_to': { rel_type: one.type, event_id: parent },
    };
    const path = roomPath(roomId, 'send', 'm.room.message', `${Math.random()}`);
    const answer = await user.request('PUT', path, { body });
    if (answer.status === 200) sent.push(textAt(answer.body, 'event_id'));
    // A thread below an answer is refused.
    else assert.equal(one.type, 'm.thread');
  }
}

/** What the relations of an event must be, by looking at every event that the viewer sees. */
function naive(
  parent: SeenEvent,
  all: readonly SeenEvent[],
  hidden: ReadonlySet<string>,
  viewerId: string,
): object {
  const related = (type: string): SeenEvent[] =>
    all.filter(
      (event) =>
        !hidden.has(event.sender) &&
        valueAt(event.content, 'm.relates_to', 'rel_type') === type &&
        valueAt(event.content, 'm.relates_to', 'event_id') === parent.eventId,
    );
  const isEdit = valueAt(parent.content, 'm.relates_to', 'rel_type') === 'm.replace';
  const isRedacted = valueAt(parent.unsigned, 'redacted_because') !== undefined;
  const edits = related('m.replace').filter(({ sender: by }) => by === parent.sender);
  const key = (event: SeenEvent): [number, string] => [
    Number(valueAt(event.json, 'origin_server_ts')),
    event.eventId,
  ];
  const [edit] = edits.toSorted((one, other) => {
    const [a, b] = [key(one), key(other)];
    return b[0] - a[0] || (b[1] > a[1] ? 1 : -1);
  });
  const answers = related('m.thread');
  const references = related('m.reference');
  const participants = new Set([parent.sender, ...answers.map(({ sender: by }) => by)]);
  return {
    ...(edit === undefined || isEdit || isRedacted ? {} : { replace: edit.eventId }),
    ...(answers.length === 0
      ? {}
      : {
          latest: answers.at(-1)?.eventId,
          count: answers.length,
          participated: participants.has(viewerId),
        }),
    ...(references.length === 0 ? {} : { references: references.map(({ eventId }) => eventId) }),
  };
}

function told({ unsigned }: SeenEvent): object {
  const relations = valueAt(unsigned, 'm.relations') ?? {};
  const thread = valueAt(relations, 'm.thread');
  const references = valueAt(relations, 'm.reference');
  const edit = valueAt(relations, 'm.replace', 'event_id');
  return {
    ...(edit === undefined ? {} : { replace: edit }),
    ...(thread === undefined
      ? {}
      : {
          latest: valueAt(thread, 'latest_event', 'event_id'),
          count: valueAt(thread, 'count'),
          participated: valueAt(thread, 'current_user_participated'),
        }),
    ...(references === undefined
      ? {}
      : { references: listAt(references, 'chunk').map((one) => textAt(one, 'event_id')) }),
  };
}

test('aggregations are what looking at every event gives', async (given) => {
  const [alice, bob, carol] = [
    await given.user('alice'),
    await given.user('bob'),
    await given.newUser(),
  ];
  const ignored = `${v3}/user/${encodeURIComponent(carol.userId)}/account_data/m.ignored_user_list`;
  await ok(carol, 'PUT', ignored, { body: { ignored_users: { [bob.userId]: {} } } });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const roomId = await createRoom(alice, { preset: 'public_chat' });
      await joinRoom(bob, roomId);
      await joinRoom(carol, roomId);
      await run([alice, bob], roomId, steps);
      for (const viewer of [alice, bob, carol]) {
        const { events } = await readMessages(viewer, roomId, { dir: 'f', limit: 100 });
        const hidden = new Set(viewer === carol ? [bob.userId] : []);
        for (const event of events.filter(({ stateKey }) => stateKey === undefined)) {
          assert.deepEqual(told(event), naive(event, events, hidden, viewer.userId));
        }
      }
    }),
    { numRuns: 12 },
  );
});
