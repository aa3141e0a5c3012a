import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { api } from '../../../../tests/harness/api.ts';
import type { Api } from '../../../../tests/harness/api.ts';
import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { textAt, valueAt } from '../../../../tests/harness/json-path.ts';
import { findAccount } from '../accounts/find-account.ts';
import { registerAccount } from '../accounts/register-account.ts';
import { setAccountFlags } from '../accounts/set-account-flags.ts';
import { startAccountEdge } from './account-edge-under-test.ts';
import type { AccountEdgeUnderTest } from './account-edge-under-test.ts';
import { accountEndpoints } from './account-endpoints.ts';

const v3 = '/_matrix/client/v3';

for (const engine of testEngines()) {
  describe(`tokens at the endpoints about accounts (${engine.name})`, () => {
    let database: TestDatabase;
    let edge: AccountEdgeUnderTest;
    let client: Api;

    before(async () => {
      database = await engine.createDatabase();
      edge = await startAccountEdge(database.config);
      client = api(edge.url);
    });
    after(async () => {
      await edge.close();
      await database.drop();
    });

    it('refuses a request without a token, or with one that is not known', async () => {
      const closed = accountEndpoints.filter(({ authentication }) => authentication === 'required');
      assert.ok(closed.length >= 15);
      for (const { method, paths } of closed) {
        for (const path of paths.map((each) => each.replaceAll(/\{\w+\}/g, 'x'))) {
          const missing = await client.request(method, path, { body: {} });
          assert.equal(missing.status, 401, path);
          assert.equal(valueAt(missing.body, 'errcode'), 'M_MISSING_TOKEN');
          const unknown = await client.request(method, path, { body: {}, token: 'syt_eA_x_0' });
          assert.equal(unknown.status, 401, path);
          assert.equal(valueAt(unknown.body, 'errcode'), 'M_UNKNOWN_TOKEN');
        }
      }
    });

    it('lets a guest use what the specification lists, and nothing more', async () => {
      const guest = await registerAccount(edge.accounts, {
        username: undefined,
        password: undefined,
        isGuest: true,
        session: { deviceId: undefined, deviceDisplayName: undefined },
      });
      const token = guest.session?.accessToken ?? '';
      const whoami = await client.request('GET', `${v3}/account/whoami`, { token });
      assert.equal(valueAt(whoami.body, 'is_guest'), true);
      const name = { token, body: { displayname: 'A guest' } };
      const path = `${v3}/profile/${guest.userId}`;
      assert.equal((await client.request('PUT', `${path}/displayname`, name)).status, 200);
      const avatar = { token, body: { avatar_url: 'mxc://example.org/a' } };
      const refused = await client.request('PUT', `${path}/avatar_url`, avatar);
      assert.equal(refused.status, 403);
      assert.equal(valueAt(refused.body, 'errcode'), 'M_GUEST_ACCESS_FORBIDDEN');
    });

    it('lets a locked user log out and nothing else', async () => {
      const { userId, token } = await edge.logInNewUser('locked');
      const account = await findAccount(edge.accounts, userId);
      assert.ok(account !== undefined);
      await setAccountFlags(edge.accounts, account, { isLocked: true });
      const whoami = await client.request('GET', `${v3}/account/whoami`, { token });
      assert.equal(whoami.status, 401);
      assert.equal(valueAt(whoami.body, 'errcode'), 'M_USER_LOCKED');
      assert.equal(valueAt(whoami.body, 'soft_logout'), true);
      assert.equal((await client.request('POST', `${v3}/logout`, { token })).status, 200);
    });

    it('tells whose token it is, under each release', async () => {
      const { userId, token, deviceId } = await edge.logInNewUser('whoami');
      for (const release of ['v3', 'r0', 'unstable']) {
        const path = `/_matrix/client/${release}/account/whoami`;
        const { body } = await client.request('GET', path, { token });
        assert.deepEqual(body, { user_id: userId, device_id: deviceId, is_guest: false });
      }
    });

    it('ends the session at a logout, and all sessions at a logout of all', async () => {
      const { userId, token } = await edge.logInNewUser('leaver', 'secret');
      const login = { type: 'm.login.password', user: userId, password: 'secret' };
      const tokens = await Promise.all(
        [1, 2, 3].map(async () => {
          const { body } = await client.request('POST', `${v3}/login`, { body: login });
          return textAt(body, 'access_token');
        }),
      );
      const works = async (each: string): Promise<boolean> =>
        (await client.request('GET', `${v3}/account/whoami`, { token: each })).status === 200;
      assert.deepEqual(await Promise.all(tokens.map(works)), [true, true, true]);
      const [first = ''] = tokens;
      const { status, body } = await client.request('POST', `${v3}/logout`, { token: first });
      assert.deepEqual([status, body], [200, {}]);
      assert.deepEqual(await Promise.all(tokens.map(works)), [false, true, true]);
      assert.equal((await client.request('POST', `${v3}/logout`, { token: first })).status, 401);
      const all = await client.request('POST', `${v3}/logout/all`, { token, body: {} });
      assert.deepEqual([all.status, all.body], [200, {}]);
      assert.deepEqual(await Promise.all([token, ...tokens].map(works)), [
        false,
        false,
        false,
        false,
      ]);
    });
  });
}
