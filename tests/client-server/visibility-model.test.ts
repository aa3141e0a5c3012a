import assert from 'node:assert/strict';

import fc from 'fast-check';

import { createRoom, joinRoom, sendText, type TestUser } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { ok, readMessages, refusal, roomPath, v3 } from './requests.ts';
import { eventsFrom, type SeenEvent } from './seen-event.ts';
import { serverTests } from './server-test.ts';
import { sync } from './sync-view.ts';

const test = serverTests();

const RUNS = 12;
const STEPS_MAX = 20;

/** Somebody tries something; what the room does not allow changes nothing. */
type Step =
  | { readonly do: 'say'; readonly by: 'owner' | 'other' }
  | { readonly do: 'visibility'; readonly to: string }
  | { readonly do: 'joinRule'; readonly to: string }
  | { readonly do: 'member'; readonly by: 'owner' | 'reader'; readonly membership: string }
  | { readonly do: 'ignore'; readonly isIgnored: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom<Step>({ do: 'say', by: 'owner' }, { do: 'say', by: 'other' }),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('world_readable', 'shared', 'invited', 'joined', 'nonsense')
      .map((to): Step => ({ do: 'visibility', to })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('public', 'knock', 'invite')
      .map((to): Step => ({ do: 'joinRule', to })),
  },
  {
    weight: 5,
    arbitrary: fc.constantFrom<Step>(
      ...['join', 'leave', 'knock'].map((membership): Step => ({
        do: 'member',
        by: 'reader',
        membership,
      })),
      ...['invite', 'leave', 'ban'].map((membership): Step => ({
        do: 'member',
        by: 'owner',
        membership,
      })),
    ),
  },
  { weight: 1, arbitrary: fc.boolean().map((isIgnored): Step => ({ do: 'ignore', isIgnored })) },
);

interface Cast {
  readonly owner: TestUser;
  readonly other: TestUser;
  readonly reader: TestUser;
}

test('what a reader sees of any history is what the rules say of each event', async (given) => {
  const cast: Cast = {
    owner: await given.user('owner'),
    other: await given.user('other'),
    reader: await given.user('reader'),
  };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: STEPS_MAX }), async (steps) => {
      await checkHistory(cast, steps);
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
});

async function checkHistory(cast: Cast, steps: readonly Step[]): Promise<void> {
  const { owner, other, reader } = cast;
  await setIgnored(reader, undefined);
  const roomId = await createRoom(owner, { preset: 'public_chat' });
  await joinRoom(other, roomId);
  let ignored: string | undefined;
  for (const each of steps) {
    await take(cast, roomId, each);
    if (each.do === 'ignore') ignored = each.isIgnored ? other.userId : undefined;
  }
  const all = (await readMessages(owner, roomId, { dir: 'f', limit: 200 })).events;
  const expected = visibleTo(reader.userId, all, ignored);
  for (const event of all) {
    const isSeen = await refusal(reader, 'GET', roomPath(roomId, 'event', event.eventId));
    const wanted = expected.includes(event) ? '200' : '404 M_NOT_FOUND';
    assert.equal(isSeen, wanted, `GET /event of ${event.type} ${event.eventId}`);
  }
  await checkContext(reader, roomId, expected);
  await checkPages(reader, roomId, all, expected);
}

/** By the letter of CS API, "Room history visibility": "Server behaviour", and "Ignoring Users". */
function visibleTo(
  readerId: string,
  all: readonly SeenEvent[],
  ignored: string | undefined,
): SeenEvent[] {
  let visibility = 'shared';
  let membership = 'leave';
  return all.filter((event, index) => {
    const before = { visibility, membership };
    if (event.type === 'm.room.history_visibility') {
      const value = valueAt(event.content, 'history_visibility');
      visibility = value === 'nonsense' ? 'shared' : String(value);
    }
    if (isOwn(event, readerId)) membership = String(valueAt(event.content, 'membership'));
    if (event.stateKey === undefined && event.sender === ignored) return false;
    const joinedLater = all.some((later, at) => at > index && isOwnJoin(later, readerId));
    return [before.visibility, visibility].some((then) =>
      [before.membership, membership].some(
        (member) =>
          then === 'world_readable' ||
          member === 'join' ||
          (then === 'shared' && joinedLater) ||
          (then === 'invited' && member === 'invite'),
      ),
    );
  });
}

function isOwn({ type, stateKey }: SeenEvent, readerId: string): boolean {
  return type === 'm.room.member' && stateKey === readerId;
}

function isOwnJoin(event: SeenEvent, readerId: string): boolean {
  return isOwn(event, readerId) && valueAt(event.content, 'membership') === 'join';
}

function idsOf(events: readonly SeenEvent[]): string[] {
  return events.map(({ eventId }) => eventId);
}

/** Around any event that is seen, all the others are. */
async function checkContext(
  reader: TestUser,
  roomId: string,
  expected: readonly SeenEvent[],
): Promise<void> {
  const at = Math.floor(expected.length / 2);
  const middle = expected[at];
  if (middle === undefined) return;
  const path = roomPath(roomId, 'context', middle.eventId);
  const body = await ok(reader, 'GET', path, { query: { limit: 400 } });
  const before = eventsFrom(listAt(body, 'events_before')).toReversed();
  const after = eventsFrom(listAt(body, 'events_after'));
  assert.deepEqual(idsOf(before), idsOf(expected.slice(0, at)), 'events_before');
  assert.deepEqual(idsOf(after), idsOf(expected.slice(at + 1)), 'events_after');
}

/** `/messages` and `/sync` show the same, to who may read the room at all. */
async function checkPages(
  reader: TestUser,
  roomId: string,
  all: readonly SeenEvent[],
  expected: readonly SeenEvent[],
): Promise<void> {
  const own = all.filter((event) => isOwn(event, reader.userId));
  const membership = valueAt(own.at(-1)?.content, 'membership');
  const visibility = all.findLast(({ type }) => type === 'm.room.history_visibility')?.content;
  const isOpen = valueAt(visibility, 'history_visibility') === 'world_readable';
  const wasJoined = own.some((event) => isOwnJoin(event, reader.userId));
  const hasLeft = (membership === 'leave' || membership === 'ban') && wasJoined;
  if (membership !== 'join' && !isOpen && !hasLeft) {
    assert.equal(await refusal(reader, 'GET', roomPath(roomId, 'messages')), '403 M_FORBIDDEN');
    return;
  }
  const page = await readMessages(reader, roomId, { dir: 'f', limit: 200 });
  assert.deepEqual(idsOf(page.events), idsOf(expected), '/messages');
  if (membership !== 'join') return;
  const filter = { room: { rooms: [roomId], timeline: { limit: 100 } } };
  const view = await sync(reader, { filter });
  assert.deepEqual(idsOf(view.joined(roomId)?.timeline ?? []), idsOf(expected), '/sync');
}

async function take({ owner, other, reader }: Cast, roomId: string, each: Step): Promise<void> {
  const put = (user: TestUser, type: string, key: string, body: object): Promise<string> =>
    refusal(user, 'PUT', roomPath(roomId, 'state', type, key), { body });
  switch (each.do) {
    case 'say':
      await sendText(each.by === 'owner' ? owner : other, roomId, 'text');
      break;
    case 'visibility':
      await put(owner, 'm.room.history_visibility', '', { history_visibility: each.to });
      break;
    case 'joinRule':
      await put(owner, 'm.room.join_rules', '', { join_rule: each.to });
      break;
    case 'member': {
      const body = { membership: each.membership };
      const by = each.by === 'owner' ? owner : reader;
      assert.match(await put(by, 'm.room.member', reader.userId, body), /^(200|40[03] )/);
      break;
    }
    case 'ignore':
      await setIgnored(reader, each.isIgnored ? other.userId : undefined);
  }
}

function setIgnored(user: TestUser, ignored: string | undefined): Promise<unknown> {
  const path = `${v3}/user/${encodeURIComponent(user.userId)}/account_data/m.ignored_user_list`;
  const body = { ignored_users: ignored === undefined ? {} : { [ignored]: {} } };
  return ok(user, 'PUT', path, { body });
}
