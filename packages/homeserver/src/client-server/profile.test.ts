import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { api, pathOf } from '../../../../tests/harness/api.ts';
import type { Response } from '../../../../tests/harness/api.ts';
import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { valueAt } from '../../../../tests/harness/json-path.ts';
import { startAccountEdge } from './account-edge-under-test.ts';
import type { AccountEdgeUnderTest, UserUnderTest } from './account-edge-under-test.ts';

for (const engine of testEngines()) {
  describe(`profile endpoints (${engine.name})`, () => {
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

    const profile = (userId: string, field = ''): string =>
      `/_matrix/client/v3${pathOf`/profile/${userId}`}${field}`;
    const get = (path: string, token?: string): Promise<Response> =>
      api(edge.url).request('GET', path, token === undefined ? {} : { token });
    const put = (path: string, body: unknown, { token } = alice): Promise<Response> =>
      api(edge.url).request('PUT', path, { token, body });
    const assertRefused = ({ status, body }: Response, wanted: readonly [number, string]): void => {
      assert.deepEqual([status, valueAt(body, 'errcode')], wanted, JSON.stringify(body));
    };

    it('sets name and picture, shows them to anyone, and sends them into rooms', async () => {
      const { userId } = alice;
      assert.deepEqual((await get(profile(userId))).body, { displayname: 'alice' });
      assert.deepEqual((await get(profile(userId, '/avatar_url'))).body, {});
      const displayname = 'Alice ♥';
      const avatar_url = 'mxc://example.org/picture';
      const named = await put(profile(userId, '/displayname'), { displayname });
      assert.deepEqual([named.status, named.body], [200, {}]);
      assert.equal((await put(profile(userId, '/avatar_url'), { avatar_url })).status, 200);
      assert.deepEqual((await get(profile(userId))).body, { displayname, avatar_url });
      assert.deepEqual((await get(profile(userId, '/displayname'))).body, { displayname });
      assert.deepEqual((await get(profile(userId, '/avatar_url'))).body, { avatar_url });
      assert.deepEqual(edge.propagated, [userId, userId]);
      await put(profile(userId, '/displayname'), { displayname: '' });
      assert.deepEqual((await get(profile(userId, '/displayname'))).body, {});
    });

    it('knows no profile of a user who does not exist', async () => {
      for (const field of ['', '/displayname', '/avatar_url']) {
        assertRefused(await get(profile('@nobody:example.org', field)), [404, 'M_NOT_FOUND']);
      }
    });

    it('refuses the profile of another user and what is no profile', async () => {
      const propagated = edge.propagated.length;
      const [name, picture] = ['/displayname', '/avatar_url'];
      const foreign = await put(profile(bob.userId, name), { displayname: 'x' });
      assertRefused(foreign, [403, 'M_FORBIDDEN']);
      const picturing = await put(profile(bob.userId, picture), { avatar_url: 'x' });
      assertRefused(picturing, [403, 'M_FORBIDDEN']);
      for (const [field, key] of [
        [name, 'displayname'],
        [picture, 'avatar_url'],
      ] as const) {
        const path = profile(alice.userId, field);
        assertRefused(await put(path, {}), [400, 'M_MISSING_PARAM']);
        assertRefused(await put(path, { [key]: 1 }), [400, 'M_BAD_JSON']);
        assertRefused(await put(path, { [key]: null }), [400, 'M_BAD_JSON']);
        const long = await put(path, { [key]: 'x'.repeat(1001) });
        assertRefused(long, [400, 'M_INVALID_PARAM']);
        assertRefused(await put(path, { [key]: 'half \ud800' }), [400, 'M_INVALID_PARAM']);
      }
      assert.equal(edge.propagated.length, propagated);
    });

    it('shows profiles only to those whom the operator lets see them', async () => {
      await edge.close();
      edge = await startAccountEdge(database.config, { require_auth_for_profile_requests: true });
      const path = profile(alice.userId);
      assertRefused(await get(path), [401, 'M_MISSING_TOKEN']);
      assert.equal((await get(path, bob.token)).status, 200);
      await edge.close();
      edge = await startAccountEdge(database.config, {
        require_auth_for_profile_requests: true,
        limit_profile_requests_to_users_who_share_rooms: true,
      });
      assertRefused(await get(path, bob.token), [403, 'M_FORBIDDEN']);
      assert.equal((await get(path, alice.token)).status, 200);
    });
  });
}
