import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { putPushRule, setPushRuleEnabled } from '@soma/protocol';

import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { changePushRules } from './change-push-rules.ts';
import type { PushRuleEdit } from './change-push-rules.ts';
import { pushRulesJsonLengthMax } from './limits.ts';
import { readRuleSetsIn } from './push-rule-store.ts';
import { havePushRulesChanged, pushRulesOf } from './push-rules-of.ts';
import { RoomsUnderTest } from './rooms-under-test.ts';

const ALICE = '@alice:example.org';
const BOB = '@bob:example.org';
const CAROL = '@carol:example.org';

const muteRoom =
  (roomId: string): PushRuleEdit =>
  (changes) =>
    putPushRule(changes, 'room', roomId, { actions: [] });
const setMaster =
  (enabled: boolean): PushRuleEdit =>
  (changes) =>
    setPushRuleEnabled(changes, 'override', '.m.rule.master', enabled);

for (const engine of testEngines()) {
  describe(`push rules (${engine.name})`, () => {
    let database: TestDatabase;
    let server: RoomsUnderTest;

    before(async () => {
      database = await engine.createDatabase();
      server = await RoomsUnderTest.open(database.config);
    });
    after(async () => {
      await server.database.close();
      await database.drop();
    });

    async function change(userId: string, edit: PushRuleEdit): Promise<number> {
      return changePushRules(server.push, await server.userNid(userId), edit);
    }

    test('a change has a position, is told once, and shows in the rules', async () => {
      const { database: store } = server;
      const userNid = await server.userNid('@teller:example.org');
      const position = await change('@teller:example.org', setMaster(true));
      assert.equal(await havePushRulesChanged(store.reader, userNid, position - 1, position), true);
      assert.equal(await havePushRulesChanged(store.reader, userNid, position, position), false);
      const { global } = await pushRulesOf(store.reader, userNid, '@teller:example.org');
      assert.equal(global.override[0]?.enabled, true);
      assert.equal(await change('@teller:example.org', setMaster(true)), 0);
    });

    test('changes of one user at the same time build on each other', async () => {
      const ids = ['a', 'b', 'c', 'd'];
      await Promise.all(
        ids.map((id) =>
          change('@hasty:example.org', (changes) =>
            putPushRule(changes, 'content', id, { actions: [], pattern: id }),
          ),
        ),
      );
      const userNid = await server.userNid('@hasty:example.org');
      const rules = await pushRulesOf(server.database.reader, userNid, '@hasty:example.org');
      assert.deepEqual(rules.global.content.map((rule) => rule.rule_id).sort(), ids);
    });

    test('who muted another room shares the rules of those who changed nothing', async () => {
      const roomId = await server.createRoom(ALICE);
      await server.member(roomId, BOB, 'join');
      await server.member(roomId, CAROL, 'join');
      const roomNid = await server.roomNid(roomId);
      await change(BOB, muteRoom(await server.createRoom(ALICE)));
      await change(CAROL, muteRoom(await server.createRoom(ALICE)));
      assert.deepEqual(await readRuleSetsIn(server.database.reader, roomNid), [0]);
      await change(CAROL, muteRoom(roomId));
      await change(BOB, muteRoom(roomId));
      assert.equal((await readRuleSetsIn(server.database.reader, roomNid)).length, 2);
    });

    test('what cannot be done is refused, and a next change goes through', async () => {
      const put = (ruleId: string, sound = 'default'): Promise<number> =>
        change(BOB, (changes) =>
          putPushRule(changes, 'room', ruleId, { actions: [{ set_tweak: 'sound', value: sound }] }),
        );
      await assert.rejects(put('.m.rule.mine'), { status: 400, errcode: 'M_INVALID_PARAM' });
      await assert.rejects(put('mine', 'x'.repeat(pushRulesJsonLengthMax)), { status: 413 });
      await assert.rejects(
        change(BOB, (changes) => setPushRuleEnabled(changes, 'room', 'none', true)),
        { status: 404, errcode: 'M_NOT_FOUND' },
      );
      assert.ok((await put('mine')) > 0);
    });
  });
}
