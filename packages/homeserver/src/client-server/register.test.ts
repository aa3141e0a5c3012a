import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { api } from '../../../../tests/harness/api.ts';
import type { Response } from '../../../../tests/harness/api.ts';
import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { textAt, valueAt } from '../../../../tests/harness/json-path.ts';
import { startAccountEdge } from './account-edge-under-test.ts';
import type { AccountEdgeUnderTest } from './account-edge-under-test.ts';

const path = '/_matrix/client/v3/register';
const open = { enable_registration: true, enable_registration_without_verification: true };
const dummy = 'm.login.dummy';

for (const engine of testEngines()) {
  describe(`registration endpoints (${engine.name})`, () => {
    let database: TestDatabase;
    let edge: AccountEdgeUnderTest;

    before(async () => {
      database = await engine.createDatabase();
      edge = await startAccountEdge(database.config, open);
    });
    after(async () => {
      await edge.close();
      await database.drop();
    });

    const restart = async (options: Record<string, unknown>): Promise<void> => {
      await edge.close();
      edge = await startAccountEdge(database.config, options);
    };
    const post = (body: unknown, query: Record<string, string> = {}): Promise<Response> =>
      api(edge.url).request('POST', path, { body, query });
    const available = (username: string): Promise<Response> =>
      api(edge.url).request('GET', `${path}/available`, { query: { username } });
    const register = async (body: object): Promise<Response> => {
      const challenge = await post(body);
      assert.equal(challenge.status, 401, JSON.stringify(challenge.body));
      const session = textAt(challenge.body, 'session');
      return post({ ...body, auth: { type: dummy, session } });
    };
    const assertRefused = ({ status, body }: Response, wanted: readonly [number, string]): void => {
      assert.deepEqual([status, valueAt(body, 'errcode')], wanted, JSON.stringify(body));
    };

    it('asks for the dummy stage, then makes the account and logs it in', async () => {
      const challenge = await post({});
      assert.equal(challenge.status, 401);
      assert.deepEqual(valueAt(challenge.body, 'flows'), [{ stages: [dummy] }]);
      const session = textAt(challenge.body, 'session');
      const wishes = { username: 'Alice', password: 'secret', device_id: 'PHONE' };
      const body = { ...wishes, initial_device_display_name: 'A phone' };
      const made = await post({ ...body, auth: { type: dummy, session } });
      assert.equal(made.status, 200);
      const token = textAt(made.body, 'access_token');
      assert.deepEqual(made.body, {
        user_id: '@alice:example.org',
        home_server: 'example.org',
        access_token: token,
        device_id: 'PHONE',
      });
      const device = '/_matrix/client/v3/devices/PHONE';
      const { body: shown } = await api(edge.url).request('GET', device, { token });
      assert.equal(valueAt(shown, 'display_name'), 'A phone');
      const again = await post({ ...body, auth: { type: dummy, session } });
      assert.equal(again.status, 200);
      assert.equal(valueAt(again.body, 'user_id'), '@alice:example.org');
      assertRefused(await post(body), [400, 'M_USER_IN_USE']);
    });

    it('takes what the session holds when the client leaves it out', async () => {
      const challenge = await post({ username: 'brief', password: 'secret', inhibit_login: true });
      const auth = { type: dummy, session: textAt(challenge.body, 'session') };
      const made = await post({ auth });
      assert.deepEqual(made.body, { user_id: '@brief:example.org', home_server: 'example.org' });
    });

    it('chooses a name where none is asked for', async () => {
      const made = await register({ password: 'secret', username: null, device_id: null });
      assert.match(textAt(made.body, 'user_id'), /^@\d+:example\.org$/);
      assert.match(textAt(made.body, 'device_id'), /^[A-Z]{10}$/);
    });

    it('refuses names before the authentication', async () => {
      for (const username of ['a b', '', '12', '_x', 'ä']) {
        assertRefused(await post({ username, password: 'x' }), [400, 'M_INVALID_USERNAME']);
      }
    });

    it('refuses bodies of another shape', async () => {
      assertRefused(await post('{'), [400, 'M_NOT_JSON']);
      assertRefused(await post([]), [400, 'M_BAD_JSON']);
      for (const wrong of [
        { username: 1 },
        { password: {} },
        { device_id: 1 },
        { initial_device_display_name: [] },
        { inhibit_login: 'yes' },
        { auth: 'x' },
      ]) {
        assertRefused(await post(wrong), [400, 'M_BAD_JSON']);
      }
      assertRefused(await register({ username: 'no-password' }), [400, 'M_MISSING_PARAM']);
      assertRefused(await post({ auth: { session: 'unknown' } }), [400, 'M_UNKNOWN']);
      assertRefused(await post({ password: 'x'.repeat(513) }), [400, 'M_INVALID_PARAM']);
      assertRefused(await post({}, { kind: 'other' }), [400, 'M_INVALID_PARAM']);
    });

    it('tells whether a name is free', async () => {
      await register({ username: 'taken', password: 'secret' });
      assert.deepEqual((await available('free')).body, { available: true });
      assertRefused(await available('TAKEN'), [400, 'M_USER_IN_USE']);
      assertRefused(await available('a b'), [400, 'M_INVALID_USERNAME']);
      const absent = await api(edge.url).request('GET', `${path}/available`);
      assertRefused(absent, [400, 'M_MISSING_PARAM']);
    });

    it('refuses everyone where registration is closed, and guests unless they are allowed', async () => {
      assertRefused(await post({}, { kind: 'guest' }), [403, 'M_FORBIDDEN']);
      await restart({ allow_guest_access: true });
      assertRefused(await post({ username: 'x', password: 'x' }), [403, 'M_FORBIDDEN']);
      assertRefused(await available('x'), [403, 'M_FORBIDDEN']);
      const wishes = { username: 'ignored', device_id: 'IGNORED' };
      const guest = await post(wishes, { kind: 'guest' });
      assert.equal(guest.status, 200);
      assert.match(textAt(guest.body, 'user_id'), /^@\d+:example\.org$/);
      assert.notEqual(textAt(guest.body, 'device_id'), 'IGNORED');
      assert.ok(textAt(guest.body, 'access_token').length > 0);
    });

    it('keeps silent about taken names until the last step, if the operator wants so', async () => {
      await restart({ ...open, inhibit_user_in_use_error: true });
      assert.deepEqual((await available('alice')).body, { available: true });
      const taken = await register({ username: 'alice', password: 'secret' });
      assertRefused(taken, [400, 'M_USER_IN_USE']);
    });

    it('holds passwords to the policy', async () => {
      const policy = { enabled: true, minimum_length: 8 };
      await restart({ ...open, password_config: { policy } });
      const short = await post({ username: 'weak', password: 'short' });
      assertRefused(short, [400, 'M_PASSWORD_TOO_SHORT']);
    });

    it('counts accounts, not requests, against the limit', async () => {
      await restart({ ...open, rc_registration: { per_second: 0.001, burst_count: 2 } });
      await post({});
      await post({});
      for (const username of ['limit1', 'limit2']) {
        assert.equal((await register({ username, password: 'secret' })).status, 200);
      }
      const third = await post({ username: 'limit3', password: 'secret' });
      assertRefused(third, [429, 'M_LIMIT_EXCEEDED']);
      assert.ok(Number(third.headers['retry-after']) > 0);
    });
  });
}
