import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestEngine } from '../../../../tests/harness/engines.ts';
import { checkDatabase } from '../rooms/check-database.ts';
import { sendEvent } from '../rooms/send-event.ts';
import { write } from '../storage/database.ts';
import { query, statement } from '../storage/sql.ts';
import type { Query } from '../storage/sql.ts';
import { changeMembership } from './change-membership.ts';
import { keepOutOfBand } from './remote/out-of-band.ts';
import { alice, bob, carol, createPublicRoom, openRoomGraph } from './room-graph-under-test.ts';
import type { RoomGraphUnderTest } from './room-graph-under-test.ts';

interface Harm {
  /** What the check says of it, among other things. */
  readonly problem: RegExp;
  readonly of: Query;
}

function harm(problem: RegExp, text: string): Harm {
  return { problem, of: query(text) };
}

const lastEvent = '(select max(event_nid) from events)';
const firstEvent = '(select min(event_nid) from events)';
const dave = alice.replace('alice', 'dave');
const ABOVE_CLOCK = 1_000_000;

const harms: readonly Harm[] = [
  harm(/ID is not interned/, `delete from event_ids where event_nid = ${firstEvent}`),
  harm(/ID is not interned/, 'update event_ids set event_nid = event_nid + 100000'),
  harm(/edge from or to/, `delete from events where event_nid = ${firstEvent}`),
  harm(/extremity that is unknown/, `update events set flags = 2 where event_nid = ${lastEvent}`),
  harm(/extremity that is unknown/, 'update forward_extremities set event_nid = 123456'),
  harm(/that a later event refers to/, `update forward_extremities set event_nid = ${firstEvent}`),
  harm(/has no forward extremity/, 'delete from forward_extremities'),
  harm(
    /order above the clock/,
    `update events set event_order = ${ABOVE_CLOCK} where event_nid = ${lastEvent}`,
  ),
  harm(
    /^change above the clock/,
    `insert into changes (position, kind, subject) values (${ABOVE_CLOCK}, 1, 1)`,
  ),
  harm(
    /state change above the clock/,
    `update state_changes set position = position + ${ABOVE_CLOCK}`,
  ),
  harm(
    /request of a device that made two/,
    `update events set device_nid = 1, transaction_id = 'x'`,
  ),
  harm(/membership that differs/, `update memberships set event_nid = ${firstEvent}`),
  harm(/member of the current state without/, 'delete from memberships'),
  harm(/member counts are wrong/, 'update room_summaries set joined_count = joined_count + 1'),
  harm(/member counts are wrong/, 'update room_summaries set local_joined_count = 0'),
  harm(/member counts are wrong/, 'update room_summaries set invited_count = 0'),
  harm(/member counts are wrong/, 'delete from room_summaries'),
  harm(
    /membership that differs/,
    `update memberships set event_nid = ${firstEvent}, membership = 4 where membership = 5`,
  ),
  harm(
    /that the current state does not have/,
    `delete from current_state where event_nid in
       (select event_nid from memberships where membership = 2)`,
  ),
  harm(/other than its event says/, 'update memberships set membership = 4 where membership = 5'),
  harm(
    /out of band other than its event says/,
    `update memberships set membership = 3 where event_nid in
       (select event_nid from out_of_band_memberships)`,
  ),
  harm(/membership without its event/, 'delete from out_of_band_memberships'),
  harm(
    /membership without its event/,
    'update memberships set event_nid = 123456 where membership = 1',
  ),
  harm(
    /event out of band of nobody/,
    `delete from memberships where event_nid in (select event_nid from out_of_band_memberships)`,
  ),
  harm(
    /event out of band of nobody/,
    `update out_of_band_memberships set event_nid = ${firstEvent}`,
  ),
  harm(/marked as of another/, 'update memberships set local = 0'),
  harm(/forgotten and not left/, 'update memberships set forgotten = 1'),
  harm(/shows nothing of the room/, 'update memberships set stripped_state = null'),
  harm(
    /shows nothing of the room/,
    `update memberships set stripped_state = '[]' where membership = 1`,
  ),
  harm(/membership above the clock/, `update memberships set position = ${ABOVE_CLOCK}`),
  harm(/its last change did not make/, 'delete from state_changes'),
  harm(
    /its last change did not make/,
    `update state_changes set new_event_nid = null where position = (select max(position) from state_changes)`,
  ),
  harm(/differs from the head/, `delete from current_state where event_nid = ${firstEvent}`),
  harm(/head's snapshot/, 'update room_heads set snapshot_nid = snapshot_nid - 1'),
  harm(/has a head and no version/, 'delete from room_versions'),
  harm(/does not match its hash/, 'update snapshots set hash = 7'),
  harm(/does not match its hash/, `update snapshot_deltas set event_nid = ${lastEvent}`),
  harm(
    /is not that after its last event/,
    `update events set state_before = 1 where event_nid = ${lastEvent}`,
  ),
];

async function openSoundGraph(databaseSection: object): Promise<RoomGraphUnderTest> {
  const graph = await openRoomGraph(databaseSection);
  const { rooms } = graph;
  const roomId = await createPublicRoom(rooms, alice);
  const roomNid = await rooms.names.rooms.intern(roomId);
  await changeMembership(rooms, { roomNid, sender: bob, target: bob, action: 'join' });
  await changeMembership(rooms, { roomNid, sender: alice, target: carol, action: 'invite' });
  await changeMembership(rooms, { roomNid, sender: alice, target: dave, action: 'ban' });
  const invite = { membership: 'invite' };
  await keepOutOfBand(rooms, {
    roomId: '!elsewhere:other.example',
    eventId: '$invitation',
    pdu: { state_key: carol, sender: '@zoe:other.example', content: invite },
    json: JSON.stringify({ content: invite }),
    strippedState: [],
    roomVersion: '12',
    servers: ['other.example'],
  });
  for (const body of ['one', 'two']) {
    const content = { body };
    await sendEvent(rooms, { roomId, sender: alice, type: 'm.room.message', content });
  }
  return graph;
}

async function withSoundGraph(
  engine: TestEngine,
  body: (graph: RoomGraphUnderTest) => Promise<void>,
): Promise<void> {
  const made = await engine.createDatabase();
  const graph = await openSoundGraph(made.config);
  try {
    await body(graph);
  } finally {
    await graph.database.close();
    await made.drop();
  }
}

for (const engine of testEngines()) {
  describe(`the check of a database (${engine.name})`, () => {
    test('it finds nothing in a sound one, counts, and tells how far it is', () =>
      withSoundGraph(engine, async ({ database, rooms }) => {
        await createPublicRoom(rooms, bob);
        const told: number[][] = [];
        const found = await checkDatabase(database, (...progress) => told.push(progress));
        assert.deepEqual(found.problems, []);
        assert.equal(found.rooms, 2);
        assert.ok(found.events > 12 && found.snapshots > 10);
        assert.deepEqual(told, [
          [1, 2],
          [2, 2],
        ]);
      }));

    // The check is one SQL text for both engines, and a database of PostgreSQL takes long to make.
    const some = harms.filter((_, index) => engine.name === 'sqlite' || index % 5 === 0);
    for (const { problem, of } of some) {
      test(`it finds the fault: ${of.text}`, () =>
        withSoundGraph(engine, async ({ database }) => {
          await write(database, { statements: [statement(of)], positions: 0 });
          const { problems } = await checkDatabase(database);
          const isFound = problems.some((each) => problem.test(each));
          assert.ok(isFound, problems.join('\n'));
        }));
    }
  });
}
