import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { api } from '../../../../tests/harness/api.ts';
import type { Response } from '../../../../tests/harness/api.ts';
import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { textAt, valueAt } from '../../../../tests/harness/json-path.ts';
import { findAccount } from '../accounts/find-account.ts';
import { startAccountEdge } from '../client-server/account-edge-under-test.ts';
import type { AccountEdgeUnderTest } from '../client-server/account-edge-under-test.ts';
import { mount } from '../http/endpoint.ts';
import { accountAdminEndpoints } from './endpoints.ts';

const path = '/_synapse/admin/v1/register';
const sharedSecret = 'shared';

function macOf(...parts: readonly string[]): string {
  return createHmac('sha1', sharedSecret).update(parts.join('\0')).digest('hex');
}

for (const engine of testEngines()) {
  describe(`registration by shared secret (${engine.name})`, () => {
    let database: TestDatabase;
    let edge: AccountEdgeUnderTest;

    const start = (options: Record<string, unknown>): Promise<AccountEdgeUnderTest> =>
      startAccountEdge(database.config, options, ({ accounts }) =>
        mount(accountAdminEndpoints, {
          accounts,
          serverVersion: '9.9.9',
          joinFirstRooms: async () => {},
        }),
      );
    before(async () => {
      database = await engine.createDatabase();
      edge = await start({ registration_shared_secret: sharedSecret });
    });
    after(async () => {
      await edge.close();
      await database.drop();
    });

    const post = (body: unknown): Promise<Response> =>
      api(edge.url).request('POST', path, { body });
    const nonce = async (): Promise<string> =>
      textAt((await api(edge.url).request('GET', path)).body, 'nonce');
    const assertRefused = ({ status, body }: Response, wanted: readonly [number, string]): void => {
      assert.deepEqual([status, valueAt(body, 'errcode')], wanted, JSON.stringify(body));
    };

    it('makes an account that can log in at once', async () => {
      const given = await nonce();
      const mac = macOf(given, 'Alice', 'secret', 'notadmin');
      const user = { nonce: given, username: 'Alice', password: 'secret', mac };
      const { status, body } = await post({ ...user, displayname: 'Alice A.' });
      assert.equal(status, 200);
      const token = textAt(body, 'access_token');
      assert.deepEqual(body, {
        user_id: '@alice:example.org',
        home_server: 'example.org',
        access_token: token,
        device_id: textAt(body, 'device_id'),
      });
      const whoami = '/_matrix/client/v3/account/whoami';
      assert.equal((await api(edge.url).request('GET', whoami, { token })).status, 200);
      const profile = '/_matrix/client/v3/profile/@alice:example.org';
      const shown = (await api(edge.url).request('GET', profile)).body;
      assert.deepEqual(shown, { displayname: 'Alice A.' });
      assertRefused(await post(user), [400, 'M_UNKNOWN']);
    });

    it('makes administrators and bots', async () => {
      const given = await nonce();
      const mac = macOf(given, 'root', 'secret', 'admin', 'bot');
      const user = { nonce: given, username: 'root', password: 'secret', mac };
      assert.equal((await post({ ...user, admin: true, user_type: 'bot' })).status, 200);
      const account = await findAccount(edge.accounts, '@root:example.org');
      assert.deepEqual([account?.isAdmin, account?.userType], [true, 'bot']);
    });

    it('refuses what is absent or of another type, with the errcodes of Synapse', async () => {
      const user = { username: 'x', password: 'secret', mac: '' };
      assertRefused(await post('{'), [400, 'M_NOT_JSON']);
      assertRefused(await post(user), [400, 'M_BAD_JSON']);
      assertRefused(await post({ ...user, nonce: 'unknown' }), [400, 'M_UNKNOWN']);
      assertRefused(await post({ ...user, nonce: 1 }), [400, 'M_UNKNOWN']);
      for (const [change, errcode] of [
        [{ username: undefined }, 'M_BAD_JSON'],
        [{ username: 1 }, 'M_UNKNOWN'],
        [{ username: 'x\0y' }, 'M_UNKNOWN'],
        [{ username: 'x'.repeat(513) }, 'M_UNKNOWN'],
        [{ password: undefined }, 'M_BAD_JSON'],
        [{ password: 'x'.repeat(513) }, 'M_UNKNOWN'],
        [{ user_type: 'king' }, 'M_UNKNOWN'],
        [{ mac: undefined }, 'M_BAD_JSON'],
      ] as const) {
        const answer = await post({ ...user, nonce: await nonce(), ...change });
        assertRefused(answer, [400, errcode]);
      }
    });

    it('refuses a wrong proof, a name that is no name, and one that is taken', async () => {
      const given = await nonce();
      const mac = macOf(given, 'mallory', 'secret', 'notadmin');
      const user = { nonce: given, username: 'mallory', password: 'secret' };
      assertRefused(await post({ ...user, mac, admin: true }), [403, 'M_UNKNOWN']);
      const other = { ...user, nonce: await nonce() };
      assertRefused(await post({ ...other, mac: 'ü'.repeat(40) }), [403, 'M_UNKNOWN']);
      for (const [username, errcode] of [
        ['a b', 'M_INVALID_USERNAME'],
        ['alice', 'M_USER_IN_USE'],
      ] as const) {
        const fresh = await nonce();
        const proof = macOf(fresh, username, 'secret', 'notadmin');
        const answer = await post({ nonce: fresh, username, password: 'secret', mac: proof });
        assertRefused(answer, [400, errcode]);
      }
    });

    it('forgets a nonce after a minute', async () => {
      const given = await nonce();
      edge.clock.nowMs += 60_000;
      const mac = macOf(given, 'late', 'secret', 'notadmin');
      const late = await post({ nonce: given, username: 'late', password: 'secret', mac });
      assertRefused(late, [400, 'M_UNKNOWN']);
    });

    it('tells the versions of the server', async () => {
      const answer = await api(edge.url).request('GET', '/_synapse/admin/v1/server_version');
      assert.deepEqual(answer.body, {
        server_version: '9.9.9',
        python_version: `Node.js ${process.versions.node}`,
      });
    });

    it('is switched off without a secret', async () => {
      await edge.close();
      edge = await start({});
      assertRefused(await api(edge.url).request('GET', path), [400, 'M_UNKNOWN']);
      const off = await post({ nonce: 'x' });
      assertRefused(off, [400, 'M_UNKNOWN']);
      assert.equal(valueAt(off.body, 'error'), 'Shared secret registration is not enabled');
    });
  });
}
