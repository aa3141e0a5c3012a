import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { supportedRoomVersions } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { testEngines } from '../../../../../tests/harness/engines.ts';
import { readRoomDetails } from '../../directory/room-details-store.ts';
import { FederationError } from '../../federation-client/federation-error.ts';
import { EventFlag, readEventById } from '../../rooms/event-store.ts';
import { member, message, topic } from './drafts-under-test.ts';
import { answerFrom } from './history-under-test.ts';
import { TestNetwork, versionOf } from './servers-under-test.ts';
import type { ServerUnderTest } from './servers-under-test.ts';
import { TwoServers, pass } from './two-servers-under-test.ts';

for (const engine of testEngines()) {
  describe(`events of other servers (${engine.name})`, () => {
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

    for (const versionId of supportedRoomVersions()) {
      test(`a room of version ${versionId} is joined, and lives on at both servers`, async () => {
        const roomId = await sharedRoom(versionId);
        assert.deepEqual(await b.state(roomId), await a.state(roomId));
        const hello = await b.send(roomId, message(bob, 'hello'));
        const received = await a.receive(b, roomId, await b.json(hello));
        assert.equal(received.kind, 'accepted');
        const set = await a.send(roomId, topic(alice, 'news'));
        assert.equal((await b.receive(a, roomId, await a.json(set))).kind, 'accepted');
        assert.deepEqual(await b.state(roomId), await a.state(roomId));
        await assertSound();
      });
    }

    test('an event that comes twice is stored once', async () => {
      const roomId = await sharedRoom('12');
      const json = await b.json(await b.send(roomId, message(bob, 'once')));
      const verdicts = await Promise.all([1, 2, 3].map(() => a.receive(b, roomId, json)));
      assert.deepEqual(
        verdicts.map(({ kind }) => kind),
        ['accepted', 'accepted', 'accepted'],
      );
      await assertSound();
    });

    test('two topics that are set at once resolve to the same one at both servers', async () => {
      const roomId = await sharedRoom();
      const ofA = await a.send(roomId, topic(alice, 'of a'));
      const ofB = await b.send(roomId, topic(bob, 'of b'));
      assert.equal((await pass(b, a, roomId, ofB)).kind, 'accepted');
      assert.equal((await pass(a, b, roomId, ofA)).kind, 'accepted');
      assert.deepEqual(await b.state(roomId), await a.state(roomId));
      await assertSound();
      const joined = await b.send(roomId, message(bob, 'both'));
      assert.equal((await pass(b, a, roomId, joined)).kind, 'accepted');
      await assertSound();
    });

    test('what its auth events do not allow is rejected, and changes nothing', async () => {
      const roomId = await sharedRoom();
      const unchanged = await a.state(roomId);
      const draft = { type: 'm.room.power_levels', stateKey: '', sender: bob, content: { ban: 0 } };
      const { json } = await a.build(b, roomId, draft);
      const received = await a.receive(b, roomId, json);
      assert.equal(received.kind, 'rejected');
      assert.deepEqual(await a.state(roomId), unchanged);
      assert.equal((await a.receive(b, roomId, json)).kind, 'rejected');
      await assertSound();
    });

    test('what stands on a rejected event is taken for itself', async () => {
      const roomId = await sharedRoom();
      const draft = { type: 'm.room.power_levels', stateKey: '', sender: bob, content: { ban: 0 } };
      const { eventId, json } = await a.build(b, roomId, draft);
      assert.equal((await a.receive(b, roomId, json)).kind, 'rejected');
      const next = await a.build(b, roomId, message(bob, 'on it'), { prevEvents: [eventId] });
      assert.equal((await a.receive(b, roomId, next.json)).kind, 'accepted');
      await assertSound();
    });

    test('who is banned cannot go on by ignoring the ban: soft failure', async () => {
      const roomId = await sharedRoom();
      const beside = await a.build(b, roomId, topic(bob, 'from before the ban'));
      await a.send(roomId, member(alice, bob, 'ban'));
      const unchanged = await a.state(roomId);
      assert.equal((await a.receive(b, roomId, beside.json)).kind, 'soft-failed');
      assert.deepEqual(await a.state(roomId), unchanged);
      await assertSound();
    });

    test('what stands on a soft-failed event is taken, and resolution decides on the state', async () => {
      const roomId = await sharedRoom();
      const carol = b.user('carol');
      const late = await a.build(b, roomId, member(carol, carol, 'join'));
      await a.send(roomId, {
        type: 'm.room.join_rules',
        stateKey: '',
        sender: alice,
        content: { join_rule: 'invite' },
      });
      assert.equal((await a.receive(b, roomId, late.json)).kind, 'soft-failed');
      const merging = await a.build(b, roomId, message(bob, 'merges'), {
        prevEvents: [late.eventId, ...(await a.extremities(roomId))],
      });
      assert.equal((await a.receive(b, roomId, merging.json)).kind, 'accepted');
      assert.equal((await a.state(roomId))[`m.room.member|${carol}`], undefined);
      await assertSound();
    });

    test('a caller who wants a refusal gets one, and nothing is stored', async () => {
      const roomId = await sharedRoom();
      const draft = { type: 'm.room.power_levels', stateKey: '', sender: bob, content: { ban: 0 } };
      const { eventId, json } = await a.build(b, roomId, draft);
      const received = await a.receive(b, roomId, json, true);
      assert.deepEqual(
        [received.kind, 'cause' in received && received.cause],
        ['refused', 'forbidden'],
      );
      await assert.rejects(a.json(eventId));
    });

    test('an event that another server has signed is refused', async () => {
      const roomId = await sharedRoom();
      const forged = await a.build(a, roomId, topic(alice, 'forged'), { signedBy: b });
      const received = await a.receive(b, roomId, forged.json);
      assert.deepEqual(
        [received.kind, 'cause' in received && received.cause],
        ['refused', 'invalid'],
      );
    });

    test('an event whose content is not what was hashed is redacted', async () => {
      const roomId = await sharedRoom();
      const { eventId, json } = await a.build(b, roomId, message(bob, 'as it was'));
      const changed = { ...JSON.parse(json), content: { body: 'changed' } };
      assert.equal((await a.receive(b, roomId, JSON.stringify(changed))).kind, 'accepted');
      assert.deepEqual(JSON.parse(await a.json(eventId)).content, {});
    });

    test('an unsigned invite cannot pass for one of a third party by losing its proof', async () => {
      const roomId = await sharedRoom('10');
      const content = { membership: 'invite', third_party_invite: { signed: { token: 'x' } } };
      const carol = b.user('carol');
      const invite = { ...member(alice, carol, 'invite'), content };
      const { json } = await a.build(a, roomId, invite, { signedBy: b });
      const pdu = { ...JSON.parse(json), extra: 'so that the hash is another' };
      const received = await a.receive(b, roomId, JSON.stringify(pdu));
      assert.equal(received.kind, 'refused');
    });

    test('events of a server that the ACL denies are refused', async () => {
      const roomId = await sharedRoom();
      const { json } = await a.build(b, roomId, message(bob, 'too late'));
      await a.send(roomId, {
        type: 'm.room.server_acl',
        stateKey: '',
        sender: alice,
        content: { allow: ['*'], deny: [b.name] },
      });
      const received = await a.receive(b, roomId, json);
      assert.deepEqual(
        [received.kind, 'cause' in received && received.cause],
        ['refused', 'denied'],
      );
    });

    test('a redaction may come before what it redacts', async () => {
      for (const versionId of ['1', '10', '12']) {
        const roomId = await sharedRoom(versionId);
        network.answer = (request) => answerFrom(b, request);
        const regretted = await b.send(roomId, message(bob, 'regretted'));
        const redaction = await b.send(roomId, {
          type: 'm.room.redaction',
          sender: bob,
          content: versionId === '12' ? { redacts: regretted } : {},
          redacts: regretted,
        });
        const early = await a.build(b, roomId, JSON.parse(await b.json(redaction)));
        assert.equal((await a.receive(b, roomId, early.json)).kind, 'accepted');
        assert.equal((await pass(b, a, roomId, regretted)).kind, 'accepted');
        const row = await readEventById(a.database.reader, regretted);
        assert.equal((row?.flags ?? 0) & EventFlag.redacted, EventFlag.redacted);
        await assertSound();
      }
    });

    test('a redaction by one who may not do it changes nothing, early or late', async () => {
      const roomId = await sharedRoom();
      const kept = await a.send(roomId, message(alice, 'kept'));
      const redaction = { type: 'm.room.redaction', sender: bob, content: {}, redacts: kept };
      const late = await a.build(b, roomId, redaction);
      assert.equal((await a.receive(b, roomId, late.json)).kind, 'accepted');
      const early = await b.build(b, roomId, redaction);
      assert.equal((await b.receive(b, roomId, early.json)).kind, 'accepted');
      assert.equal((await pass(a, b, roomId, kept)).kind, 'accepted');
      for (const server of [a, b]) {
        const row = await readEventById(server.database.reader, kept);
        assert.equal((row?.flags ?? 0) & EventFlag.redacted, 0);
      }
      await assertSound();
    });

    test('a room with more ends than an event may name is still written to', async () => {
      const roomId = await sharedRoom();
      const ends = await a.extremities(roomId);
      for (let count = 0; count < 45; count += 1) {
        const draft = count % 3 === 0 ? topic(bob, `${count}`) : message(bob, `${count}`);
        const { json } = await a.build(b, roomId, draft, { prevEvents: ends });
        assert.equal((await a.receive(b, roomId, json)).kind, 'accepted');
      }
      assert.equal((await a.extremities(roomId)).length, 45);
      await a.send(roomId, topic(alice, 'at last'));
      await assertSound();
      for (const left of [7, 1]) {
        await a.send(roomId, message(alice, 'on'));
        assert.equal((await a.extremities(roomId)).length, left);
      }
      await assertSound();
    });

    test('a room that this server has left is joined again, with what it is like by then', async () => {
      const roomId = await sharedRoom();
      const leave = await b.send(roomId, member(bob, bob, 'leave'));
      assert.equal((await pass(b, a, roomId, leave)).kind, 'accepted');
      const between = await a.send(roomId, topic(alice, 'without you'));
      assert.equal((await pass(a, b, roomId, between)).kind, 'refused');
      await b.join(a, roomId, bob);
      assert.deepEqual(await b.state(roomId), await a.state(roomId));
      await assertSound();
      const hello = await b.send(roomId, message(bob, 'again'));
      assert.equal((await pass(b, a, roomId, hello)).kind, 'accepted');
      await assertSound();
    });

    test('an answer to a join that is no state of the room is refused, and leaves nothing', async () => {
      const roomId = await a.createRoom(alice, '11');
      const { json } = await a.build(b, roomId, member(bob, bob, 'join'));
      const jsons = await a.stateJson(roomId);
      const isOf = (type: string) => (text: string) => JSON.parse(text).type === type;
      const room = { roomId, joinEvent: json, authChain: [], resident: a.name };
      const version = versionOf('11');
      const topics = await Promise.all(
        ['one', 'two'].map((text) => a.build(a, roomId, topic(alice, text))),
      );
      for (const refused of [
        { ...room, version, state: jsons.filter((text) => !isOf('m.room.create')(text)) },
        { ...room, version, state: jsons.filter((text) => !isOf('m.room.join_rules')(text)) },
        { ...room, version: versionOf('10'), state: jsons },
        { ...room, version, state: [...jsons, ...topics.map((one) => one.json)] },
        {
          ...room,
          version,
          state: [...jsons, (await a.build(a, roomId, message(alice, ''))).json],
        },
        { ...room, version, state: jsons, roomId: '!other:a.test' },
        { ...room, version, state: jsons, joinEvent: '{}' },
      ]) {
        await assert.rejects(b.intake.importRoom(refused), { name: 'ImportRefused' });
      }
      assert.deepEqual(await b.state(roomId), {});
      await b.join(a, roomId, bob);
      await assertSound();
    });

    test('lies about the state at a gap do no harm', async () => {
      const roomId = await sharedRoom();
      const other = await b.createRoom(bob, '11');
      const lies: ((answer: JsonObject) => Promise<JsonObject>)[] = [
        async () => ({ pdu_ids: [], auth_chain_ids: [] }),
        async () => ({ pdu_ids: 'nonsense' }),
        async ({ pdu_ids: ids }) => ({ pdu_ids: [...Object.values(ids ?? {}), '$no\u0000id'] }),
        async () => ({ pdu_ids: Object.values(await b.state(other)), auth_chain_ids: [] }),
        async ({ pdu_ids: ids, ...rest }) => ({
          pdu_ids: Object.values(ids ?? {}).slice(1),
          ...rest,
        }),
      ];
      for (const lie of lies) {
        network.answer = async (request) => {
          if (request.endpoint === 'get_missing_events') return { events: [] };
          const answer = await answerFrom(b, request);
          return request.endpoint === 'state_ids' ? lie(answer) : answer;
        };
        await b.send(roomId, message(bob, 'missed'));
        await b.send(roomId, message(bob, 'the far end'));
        await pass(b, a, roomId, await b.send(roomId, message(bob, 'last')));
        assert.ok((await a.state(roomId))['m.room.create|'] !== undefined);
        await assertSound();
      }
    });

    test('an ancestry without an end costs a bounded number of requests', async () => {
      const roomId = await sharedRoom();
      let newest = await a.build(b, roomId, message(bob, 'root'), { prevEvents: ['$unknown-0'] });
      const byId = new Map([[newest.eventId, newest.json]]);
      for (let depth = 0; depth < 400; depth += 1) {
        newest = await a.build(b, roomId, message(bob, `${depth}`), {
          prevEvents: [newest.eventId],
        });
        byId.set(newest.eventId, newest.json);
      }
      network.asked.length = 0;
      network.answer = async ({ endpoint, body, parameters, destination }) => {
        if (endpoint === 'event')
          return { pdus: [JSON.parse(byId.get(parameters[0] ?? '') ?? '{}')] };
        if (endpoint !== 'get_missing_events') {
          throw new FederationError('refused', destination, 'no state');
        }
        const events: JsonObject[] = [];
        let latest = String(Object.values(body['latest_events'] ?? {})[0]);
        while (events.length < 50 && byId.has(latest)) {
          const pdu = JSON.parse(byId.get(latest) ?? '{}');
          latest = pdu.prev_events[0];
          const text = byId.get(latest);
          if (text !== undefined) events.push(JSON.parse(text));
        }
        return { events };
      };
      const received = await a.receive(b, roomId, newest.json);
      assert.deepEqual(
        [received.kind, 'cause' in received && received.cause],
        ['refused', 'incomplete'],
      );
      assert.ok(network.asked.length <= 100, `${network.asked.length} requests`);
      await assertSound();
    });

    test("events that are each other's ancestors have no place", async () => {
      const roomId = await sharedRoom('1');
      const id = (name: string) => `$${name}:${b.name}`;
      const cycle = ['one', 'two'].map((name, index, all) => {
        const other = all[1 - index] ?? '';
        return a.build(b, roomId, message(bob, name), {
          eventId: id(name),
          prevEvents: [[id(other), { sha256: 'x' }]],
        });
      });
      const [one, two] = await Promise.all(cycle);
      assert.ok(one !== undefined && two !== undefined);
      network.answer = async ({ endpoint, destination }) => {
        if (endpoint === 'get_missing_events') {
          return { events: [JSON.parse(two.json), JSON.parse(one.json)] };
        }
        if (endpoint === 'event') return { pdus: [JSON.parse(two.json)] };
        throw new FederationError('refused', destination, 'no state');
      };
      const received = await a.receive(b, roomId, one.json);
      assert.equal(received.kind, 'refused');
      await assertSound();
    });

    test('a topic that was redacted before it came is shown without its text', async () => {
      const roomId = await sharedRoom();
      const { eventId, json } = await a.build(b, roomId, topic(bob, 'regretted'));
      const draft = { type: 'm.room.redaction', sender: bob, content: {}, redacts: eventId };
      const redaction = await a.build(b, roomId, draft);
      assert.equal((await a.receive(b, roomId, redaction.json)).kind, 'accepted');
      assert.equal((await a.receive(b, roomId, json)).kind, 'accepted');
      const details = await readRoomDetails(a.database.reader, await a.roomNid(roomId));
      assert.equal(details?.topic, undefined);
      assert.equal((await a.state(roomId))['m.room.topic|'], eventId);
      await assertSound();
    });

    for (const [versionId, kind] of [
      ['6', 'accepted'],
      ['11', 'rejected'],
    ] as const) {
      test(`what a redaction takes from power levels no longer counts, in version ${versionId}`, async () => {
        const roomId = await sharedRoom(versionId);
        const content = { users: { [alice]: 100 }, invite: 50 };
        const draft = { type: 'm.room.power_levels', stateKey: '', sender: alice, content };
        const levels = await a.send(roomId, draft);
        const redacting = { type: 'm.room.redaction', sender: alice, content: {}, redacts: levels };
        const redaction = await a.send(roomId, redacting);
        for (const id of [levels, redaction]) await pass(a, b, roomId, id);
        // From version 11 on the level of invitations is kept.
        const { json } = await a.build(b, roomId, member(bob, '@carol:c.test', 'invite'));
        assert.equal((await a.receive(b, roomId, json)).kind, kind);
        await assertSound();
      });
    }

    test('an event may not stand on those of another room', async () => {
      const roomId = await sharedRoom();
      const other = await sharedRoom();
      const prevEvents = await a.extremities(other);
      const { json } = await a.build(b, roomId, message(bob, 'across'), { prevEvents });
      assert.equal((await a.receive(b, roomId, json)).kind, 'refused');
      const authEvents = Object.values(await a.state(other)).slice(0, 3);
      const allowed = await a.build(b, roomId, message(bob, 'by others'), { authEvents });
      assert.equal((await a.receive(b, roomId, allowed.json)).kind, 'rejected');
      await assertSound();
    });
  });
}
