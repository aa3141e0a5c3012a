import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { api, pathOf } from '../../../../tests/harness/api.ts';
import type { Response } from '../../../../tests/harness/api.ts';
import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { textAt, valueAt } from '../../../../tests/harness/json-path.ts';
import { startAccountEdge } from './account-edge-under-test.ts';
import type { AccountEdgeUnderTest, UserUnderTest } from './account-edge-under-test.ts';

for (const engine of testEngines()) {
  describe(`filter and account data endpoints (${engine.name})`, () => {
    let database: TestDatabase;
    let edge: AccountEdgeUnderTest;
    let alice: UserUnderTest;
    let bob: UserUnderTest;

    before(async () => {
      database = await engine.createDatabase();
      edge = await startAccountEdge(database.config);
      alice = await edge.logInNewUser('alice');
      bob = await edge.logInNewUser('bob');
    });
    after(async () => {
      await edge.close();
      await database.drop();
    });

    const ask = (method: string, path: string, body?: unknown): Promise<Response> =>
      api(edge.url).request(method, `/_matrix/client/v3/user/${path}`, {
        token: alice.token,
        ...(body === undefined ? {} : { body }),
      });
    const assertRefused = ({ status, body }: Response, wanted: readonly [number, string]): void => {
      assert.deepEqual([status, valueAt(body, 'errcode')], wanted, JSON.stringify(body));
    };

    it('keeps filters', async () => {
      const path = pathOf`${alice.userId}/filter`;
      const filter = { room: { timeline: { limit: 5 } }, 'org.example': true };
      const id = textAt((await ask('POST', path, filter)).body, 'filter_id');
      assert.equal(textAt((await ask('POST', path, filter)).body, 'filter_id'), id);
      assert.deepEqual((await ask('GET', `${path}/${id}`)).body, filter);
      assertRefused(await ask('GET', `${path}/999`), [404, 'M_NOT_FOUND']);
      assertRefused(await ask('GET', `${path}/x`), [404, 'M_NOT_FOUND']);
    });

    it('refuses filters of others and what is no filter', async () => {
      const path = pathOf`${alice.userId}/filter`;
      const foreign = pathOf`${bob.userId}/filter`;
      assertRefused(await ask('POST', foreign, {}), [403, 'M_FORBIDDEN']);
      assertRefused(await ask('GET', `${foreign}/0`), [403, 'M_FORBIDDEN']);
      assertRefused(await ask('POST', path, []), [400, 'M_BAD_JSON']);
      assertRefused(await ask('POST', path, '{'), [400, 'M_NOT_JSON']);
      assertRefused(await ask('POST', path, { room: { timeline: 1 } }), [400, 'M_BAD_JSON']);
      const large = { x: 'x'.repeat(65_536) };
      assertRefused(await ask('POST', path, large), [413, 'M_TOO_LARGE']);
    });

    it('keeps account data, global and of rooms, apart', async () => {
      const room = '!room:example.org';
      const global = pathOf`${alice.userId}/account_data/${'org.example/type'}`;
      const ofRoom = pathOf`${alice.userId}/rooms/${room}/account_data/${'org.example/type'}`;
      assertRefused(await ask('GET', global), [404, 'M_NOT_FOUND']);
      assertRefused(await ask('GET', ofRoom), [404, 'M_NOT_FOUND']);
      const put = await ask('PUT', global, { list: [1, { a: null }] });
      assert.deepEqual([put.status, put.body], [200, {}]);
      assert.equal((await ask('PUT', ofRoom, { room: true })).status, 200);
      assert.deepEqual((await ask('GET', global)).body, { list: [1, { a: null }] });
      assert.deepEqual((await ask('GET', ofRoom)).body, { room: true });
    });

    it('refuses account data of others, of no object, of no room, and of the server', async () => {
      const mine = `${alice.userId}/account_data/x`;
      const inRoom = pathOf`${alice.userId}/rooms/${'#alias:example.org'}/account_data/x`;
      const foreign = [
        `${bob.userId}/account_data/x`,
        `${bob.userId}/rooms/!r:example.org/account_data/x`,
      ];
      for (const path of foreign) {
        assertRefused(await ask('GET', path), [403, 'M_FORBIDDEN']);
        assertRefused(await ask('PUT', path, {}), [403, 'M_FORBIDDEN']);
      }
      for (const body of [[], '"x"', 'null']) {
        assertRefused(await ask('PUT', mine, body), [400, 'M_BAD_JSON']);
      }
      assertRefused(await ask('PUT', mine, '{'), [400, 'M_NOT_JSON']);
      assertRefused(await ask('GET', inRoom), [400, 'M_INVALID_PARAM']);
      assertRefused(await ask('PUT', inRoom, {}), [400, 'M_INVALID_PARAM']);
      for (const type of ['m.fully_read', 'm.push_rules']) {
        const global = await ask('PUT', `${alice.userId}/account_data/${type}`, {});
        assertRefused(global, [405, 'M_BAD_JSON']);
        const path = `${alice.userId}/rooms/!r:example.org/account_data/${type}`;
        assertRefused(await ask('PUT', path, {}), [405, 'M_BAD_JSON']);
      }
      const rules = await ask('GET', `${alice.userId}/account_data/m.push_rules`);
      assert.equal(rules.status, 200);
      assert.ok(Array.isArray(valueAt(rules.body, 'global', 'override')));
      const long = `${alice.userId}/account_data/${'x'.repeat(256)}`;
      assertRefused(await ask('PUT', long, {}), [400, 'M_INVALID_PARAM']);
    });
  });
}
