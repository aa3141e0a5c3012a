import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import type { EventReference } from '@soma/protocol';

import { testEngines } from '../../../../../tests/harness/engines.ts';
import { FederationError } from '../../federation-client/federation-error.ts';
import { EventFlag, readEventById } from '../../rooms/event-store.ts';
import { member, message, topic } from './drafts-under-test.ts';
import { answerFrom } from './history-under-test.ts';
import { TestNetwork } from './servers-under-test.ts';
import type { ServerUnderTest, TestRequest } from './servers-under-test.ts';
import { TwoServers, pass } from './two-servers-under-test.ts';

for (const engine of testEngines()) {
  describe(`events that other servers have and this one lacks (${engine.name})`, () => {
    const network = new TestNetwork();
    let servers: TwoServers;
    let a: ServerUnderTest;
    let b: ServerUnderTest;
    let alice: string;
    let bob: string;
    before(async () => {
      servers = await TwoServers.open(engine, network);
      ({ a, b } = servers);
      [alice, bob] = [a.user('alice'), b.user('bob')];
    });
    after(() => servers.close());

    const assertSound = (): Promise<void> => servers.assertSound();
    const sharedRoom = (versionId?: string): Promise<string> => servers.sharedRoom(versionId);

    test('missing events are asked for and take their place', async () => {
      const roomId = await sharedRoom();
      network.answer = (request) => answerFrom(b, request);
      for (let count = 0; count < 30; count += 1) await b.send(roomId, message(bob, `${count}`));
      await b.send(roomId, topic(bob, 'missed'));
      const last = await b.send(roomId, message(bob, 'last'));
      assert.equal((await pass(b, a, roomId, last)).kind, 'accepted');
      assert.deepEqual(await a.state(roomId), await b.state(roomId));
      await assertSound();
    });

    test('what was before this server joined is neither news nor an end of the room', async () => {
      for (const versionId of ['11', '12']) {
        network.answer = (request) => answerFrom(a, request);
        const roomId = await a.createRoom(alice, versionId);
        const [carol, dora] = [a.user('carol'), a.user('dora')];
        const first = await a.send(roomId, member(carol, carol, 'join'));
        const second = await a.send(roomId, member(dora, dora, 'join'));
        await b.join(a, roomId, bob);
        const rules = { type: 'm.room.join_rules', stateKey: '', sender: alice };
        const closed = await a.send(roomId, { ...rules, content: { join_rule: 'invite' } });
        assert.equal((await pass(a, b, roomId, closed)).kind, 'accepted');
        const fork = await a.build(a, roomId, message(alice, 'from before'), {
          prevEvents: [second],
        });
        assert.equal((await a.receive(a, roomId, fork.json)).kind, 'accepted');
        assert.equal((await b.receive(a, roomId, fork.json)).kind, 'accepted');
        assert.deepEqual(
          (await b.extremities(roomId)).toSorted(),
          (await a.extremities(roomId)).toSorted(),
        );
        assert.deepEqual(await b.state(roomId), await a.state(roomId));
        const flags = async (id: string) =>
          (await readEventById(b.database.reader, id))?.flags ?? NaN;
        assert.equal(await flags(second), 0);
        assert.equal(await flags(first), EventFlag.outlier);
        await assertSound();
      }
    });

    test('what a ban came after is shown, where that is known by events of the state alone', async () => {
      network.answer = (request) => answerFrom(a, request);
      const roomId = await sharedRoom();
      const left = await b.send(roomId, member(bob, bob, 'leave'));
      assert.equal((await pass(b, a, roomId, left)).kind, 'accepted');
      const carol = a.user('carol');
      await a.send(roomId, member(carol, carol, 'join'));
      const said = await a.send(roomId, message(carol, 'before the ban'));
      const ban = await a.send(roomId, member(alice, carol, 'ban'));
      await a.send(roomId, topic(alice, 'without her'));
      await b.join(a, roomId, bob);
      const ends = await a.extremities(roomId);
      const draft = message(alice, 'on both');
      const fork = await a.build(a, roomId, draft, { prevEvents: [ban, ...ends] });
      assert.equal((await a.receive(a, roomId, fork.json)).kind, 'accepted');
      assert.equal((await b.receive(a, roomId, fork.json)).kind, 'accepted');
      assert.equal((await readEventById(b.database.reader, said))?.flags, 0);
      assert.deepEqual(await b.state(roomId), await a.state(roomId));
      await assertSound();
    });

    test('what fills the gap before a join is neither news nor an end of the room', async () => {
      network.answer = (request) => answerFrom(a, request);
      const roomId = await sharedRoom('12');
      assert.equal(
        (await pass(b, a, roomId, await b.send(roomId, member(bob, bob, 'leave')))).kind,
        'accepted',
      );
      const inGap: string[] = [];
      for (const name of ['carol', 'dora', 'emma']) {
        const userId = a.user(name);
        inGap.push(await a.send(roomId, member(userId, userId, 'join')));
      }
      await b.join(a, roomId, bob);
      const rules = { type: 'm.room.join_rules', stateKey: '', sender: alice };
      const closed = await a.send(roomId, { ...rules, content: { join_rule: 'invite' } });
      assert.equal((await pass(a, b, roomId, closed)).kind, 'accepted');
      const prevEvents = inGap.slice(-1).map(String);
      const fork = await a.build(a, roomId, message(alice, 'from before'), { prevEvents });
      assert.equal((await a.receive(a, roomId, fork.json)).kind, 'accepted');
      assert.equal((await b.receive(a, roomId, fork.json)).kind, 'accepted');
      for (const id of inGap) {
        assert.equal((await readEventById(b.database.reader, id))?.flags, 0, id);
      }
      assert.deepEqual(
        (await b.extremities(roomId)).toSorted(),
        (await a.extremities(roomId)).toSorted(),
      );
      assert.deepEqual(await b.state(roomId), await a.state(roomId));
      await assertSound();
    });

    test('the far end of a gap before a join is not held to what the room became since', async () => {
      const roomId = await a.createRoom(alice, '11');
      const carol = a.user('carol');
      const start = await a.extremities(roomId);
      const joined = await a.send(roomId, member(carol, carol, 'join'));
      const beside = await a.build(a, roomId, message(alice, 'beside'), { prevEvents: start });
      const between = await a.send(roomId, message(carol, 'hello'));
      const banned = await a.send(roomId, member(alice, carol, 'ban'));
      await b.join(a, roomId, bob);
      network.answer = async (request) => {
        if (request.endpoint !== 'get_missing_events') return answerFrom(a, request);
        const given = await Promise.all([between, banned].map((id) => a.json(id)));
        return { events: given.map((json) => JSON.parse(json)) };
      };
      const fork = await a.build(a, roomId, message(alice, 'fork'), { prevEvents: [banned] });
      for (const { json } of [beside, fork]) {
        assert.equal((await b.receive(a, roomId, json)).kind, 'accepted');
      }
      for (const id of [joined, between, banned]) {
        assert.equal((await readEventById(b.database.reader, id))?.flags, 0, id);
      }
      await assertSound();
    });

    test('a gap that cannot be filled is bridged by the state at its far end', async () => {
      const roomId = await sharedRoom();
      const withoutGap = (request: TestRequest) => answerFrom(b, request);
      network.answer = async (request) =>
        request.endpoint === 'get_missing_events' ? { events: [] } : withoutGap(request);
      await b.send(roomId, topic(bob, 'missed'));
      await b.send(roomId, message(bob, 'missed too'));
      await b.send(roomId, message(bob, 'the far end'));
      const last = await b.send(roomId, message(bob, 'last'));
      assert.equal((await pass(b, a, roomId, last)).kind, 'accepted');
      assert.deepEqual(await a.state(roomId), await b.state(roomId));
      await assertSound();
    });

    test('a state of which a part cannot be reached is not taken for the whole', async () => {
      for (const failure of ['unreachable', 'backing-off'] as const) {
        const roomId = await sharedRoom();
        const carol = b.user('carol');
        const joined = await b.send(roomId, member(carol, carol, 'join'));
        network.answer = async (request) => {
          if (request.endpoint === 'get_missing_events') return { events: [] };
          if (request.endpoint !== 'event' || request.parameters[0] !== joined) {
            return answerFrom(b, request);
          }
          throw new FederationError(failure, request.destination, 'lost');
        };
        await b.send(roomId, message(bob, 'the far end'));
        const last = await b.send(roomId, message(bob, 'last'));
        const unchanged = await a.state(roomId);
        const received = await pass(b, a, roomId, last);
        assert.deepEqual(
          [received.kind, 'cause' in received && received.cause],
          ['refused', 'incomplete'],
        );
        assert.deepEqual(await a.state(roomId), unchanged);
        await assertSound();
      }
    });

    test('a state is taken without what its server does not give', async () => {
      const roomId = await sharedRoom();
      const carol = b.user('carol');
      const joined = await b.send(roomId, member(carol, carol, 'join'));
      network.answer = async (request) => {
        if (request.endpoint === 'get_missing_events') return { events: [] };
        if (request.endpoint !== 'event' || request.parameters[0] !== joined) {
          return answerFrom(b, request);
        }
        throw new FederationError('refused', request.destination, 'gone', { status: 404 });
      };
      await b.send(roomId, message(bob, 'the far end'));
      const last = await b.send(roomId, message(bob, 'last'));
      assert.equal((await pass(b, a, roomId, last)).kind, 'accepted');
      assert.equal((await a.state(roomId))[`m.room.member|${carol}`], undefined);
      await assertSound();
    });

    test('who has joined within a gap is heard', async () => {
      const roomId = await sharedRoom();
      network.answer = async (request) =>
        request.endpoint === 'get_missing_events' ? { events: [] } : answerFrom(b, request);
      const carol = b.user('carol');
      await b.send(roomId, member(carol, carol, 'join'));
      await b.send(roomId, message(bob, 'the far end'));
      const last = await b.send(roomId, message(carol, 'hello'));
      assert.equal((await pass(b, a, roomId, last)).kind, 'accepted');
      assert.deepEqual(await a.state(roomId), await b.state(roomId));
      await assertSound();
    });

    test('an end of the room stays where only what is behind it is taken in', async () => {
      const roomId = await sharedRoom();
      network.answer = async (request) =>
        request.endpoint === 'get_missing_events' ? { events: [] } : answerFrom(b, request);
      const far = await b.send(roomId, message(bob, 'the far end'));
      const draft = { type: 'm.room.power_levels', stateKey: '', sender: bob, content: { ban: 0 } };
      const { json } = await b.build(b, roomId, draft, { prevEvents: [far] });
      assert.equal((await a.receive(b, roomId, json)).kind, 'rejected');
      assert.deepEqual(await a.extremities(roomId), [far]);
      await assertSound();
    });

    test('what comes later than its successor takes its place, and is no end of the room', async () => {
      const roomId = await sharedRoom();
      network.answer = async (request) =>
        request.endpoint === 'get_missing_events' ? { events: [] } : answerFrom(b, request);
      const first = await b.send(roomId, message(bob, 'first'));
      await b.send(roomId, message(bob, 'second'));
      const last = await b.send(roomId, message(bob, 'last'));
      assert.equal((await pass(b, a, roomId, last)).kind, 'accepted');
      assert.equal((await pass(b, a, roomId, first)).kind, 'accepted');
      assert.ok(!(await a.extremities(roomId)).includes(first));
      await assertSound();
    });

    test('a room has an end though events of the oldest versions stand on each other', async () => {
      const roomId = await sharedRoom('1');
      const end = await b.send(roomId, message(bob, 'the end'));
      assert.equal((await pass(b, a, roomId, end)).kind, 'accepted');
      const reference = (eventId: string): EventReference => [eventId, { sha256: 'x' }];
      const [oneId, twoId] = [`$one:${b.name}`, `$two:${b.name}`];
      const one = await b.build(b, roomId, message(bob, 'one'), {
        eventId: oneId,
        prevEvents: [reference(end), reference(twoId)],
      });
      const two = await b.build(b, roomId, message(bob, 'two'), {
        eventId: twoId,
        prevEvents: [reference(oneId)],
      });
      network.answer = async (request) => {
        if (request.endpoint === 'get_missing_events') return { events: [] };
        if (request.endpoint === 'event') return { pdus: [JSON.parse(two.json)] };
        return answerFrom(b, { ...request, eventId: end });
      };
      assert.equal((await a.receive(b, roomId, one.json)).kind, 'accepted');
      assert.equal((await a.extremities(roomId)).length, 1);
      await assertSound();
      await a.send(roomId, message(alice, 'goes on'));
    });

    test('what nobody gives is incomplete, and not asked for again at once', async () => {
      const roomId = await sharedRoom();
      network.answer = async (request) => {
        if (request.endpoint === 'get_missing_events') return { events: [] };
        throw new FederationError('refused', request.destination, 'nothing');
      };
      await b.send(roomId, message(bob, 'missed'));
      const last = await b.send(roomId, message(bob, 'last'));
      const received = await pass(b, a, roomId, last);
      assert.deepEqual(
        [received.kind, 'cause' in received && received.cause],
        ['refused', 'incomplete'],
      );
      network.asked.length = 0;
      await pass(b, a, roomId, last);
      assert.deepEqual(network.asked, ['get_missing_events']);
      await assertSound();
    });
  });
}
