import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { api } from '../../../../tests/harness/api.ts';
import type { Response } from '../../../../tests/harness/api.ts';
import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { textAt, valueAt } from '../../../../tests/harness/json-path.ts';
import { startAccountEdge } from './account-edge-under-test.ts';
import type { AccountEdgeUnderTest } from './account-edge-under-test.ts';

const v3 = '/_matrix/client/v3';
const password = 'secret';
const type = 'm.login.password';
const forServices = { type: 'm.login.application_service' };

for (const engine of testEngines()) {
  describe(`login and password endpoints (${engine.name})`, () => {
    let database: TestDatabase;
    let edge: AccountEdgeUnderTest;

    before(async () => {
      database = await engine.createDatabase();
      edge = await startAccountEdge(database.config);
      await edge.logInNewUser('alice', password);
    });
    after(async () => {
      await edge.close();
      await database.drop();
    });

    const restart = async (options: Record<string, unknown>): Promise<void> => {
      await edge.close();
      edge = await startAccountEdge(database.config, options);
    };
    const login = (body: unknown): Promise<Response> =>
      api(edge.url).request('POST', `${v3}/login`, { body });
    const loginAs = (user: string, given = password): Promise<Response> =>
      login({ type, identifier: { type: 'm.id.user', user }, password: given });
    const assertRefused = ({ status, body }: Response, wanted: readonly [number, string]): void => {
      assert.deepEqual([status, valueAt(body, 'errcode')], wanted, JSON.stringify(body));
    };

    it('offers passwords', async () => {
      for (const prefix of ['v3', 'r0', 'api/v1']) {
        const { body } = await api(edge.url).request('GET', `/_matrix/client/${prefix}/login`);
        assert.deepEqual(body, { flows: [{ type }, forServices] });
      }
    });

    it('logs in by identifier and by the older fields', async () => {
      const body = { type, password, device_id: 'TV', initial_device_display_name: 'A television' };
      for (const user of [
        { identifier: { type: 'm.id.user', user: 'alice' } },
        { identifier: { type: 'm.id.user', user: '@alice:example.org' } },
        { user: 'alice' },
        { user: '@alice:example.org' },
      ]) {
        const answer = await login({ ...body, ...user });
        const token = textAt(answer.body, 'access_token');
        assert.match(token, /^syt_YWxpY2U_[A-Za-z]{20}_[0-9A-Za-z]{6}$/);
        assert.deepEqual(answer.body, {
          user_id: '@alice:example.org',
          access_token: token,
          device_id: 'TV',
          home_server: 'example.org',
        });
      }
    });

    it('refuses an unknown user and a wrong password with the same words', async () => {
      const [wrong, unknown] = [await loginAs('alice', 'wrong'), await loginAs('nobody')];
      assertRefused(wrong, [403, 'M_FORBIDDEN']);
      assert.deepEqual(wrong.body, unknown.body);
      assert.equal(wrong.status, unknown.status);
      assertRefused(await loginAs('@alice:elsewhere.org'), [403, 'M_FORBIDDEN']);
      const mail = { type, password, medium: 'email', address: 'alice@example.org' };
      assertRefused(await login(mail), [403, 'M_FORBIDDEN']);
    });

    it('refuses bodies of another shape', async () => {
      assertRefused(await login('{'), [400, 'M_NOT_JSON']);
      assertRefused(await login({}), [400, 'M_MISSING_PARAM']);
      assertRefused(await login({ type, password }), [400, 'M_MISSING_PARAM']);
      assertRefused(await login({ type, user: 'alice' }), [400, 'M_MISSING_PARAM']);
      assertRefused(await login({ type: 'm.login.unheard', user: 'a' }), [400, 'M_UNKNOWN']);
      const odd = { type, password, identifier: { type: 'm.id.odd' } };
      assertRefused(await login(odd), [400, 'M_UNKNOWN']);
      for (const wrong of [
        { type: 1 },
        { type, user: 1 },
        { type, user: 'alice', password: 1 },
        { type, identifier: 'alice', password },
        { type, identifier: {}, password },
        { type, user: 'alice', password, device_id: {} },
      ]) {
        const { status, body } = await login(wrong);
        assert.equal(status, 400, JSON.stringify(wrong));
        assert.match(textAt(body, 'errcode'), /^M_(BAD_JSON|MISSING_PARAM)$/);
      }
    });

    it('changes a password after the old one was given, and keeps this session alone', async () => {
      const { userId, token } = await edge.logInNewUser('changer', password);
      const other = textAt((await loginAs('changer')).body, 'access_token');
      const path = `${v3}/account/password`;
      const change = (body: unknown): Promise<Response> =>
        api(edge.url).request('POST', path, { token, body });
      assertRefused(await change({}), [400, 'M_MISSING_PARAM']);
      assertRefused(await change({ new_password: 1 }), [400, 'M_BAD_JSON']);
      assertRefused(await change({ new_password: 'x', logout_devices: 1 }), [400, 'M_BAD_JSON']);
      const long = 'x'.repeat(513);
      assertRefused(await change({ new_password: long }), [400, 'M_INVALID_PARAM']);
      const challenge = await change({ new_password: 'new secret' });
      assert.equal(challenge.status, 401);
      assert.deepEqual(valueAt(challenge.body, 'flows'), [{ stages: [type] }]);
      const session = textAt(challenge.body, 'session');
      const identifier = { type: 'm.id.user', user: userId };
      const wrong = { type, session, identifier, password: 'wrong' };
      const retry = await change({ new_password: 'new secret', auth: wrong });
      assertRefused(retry, [401, 'M_FORBIDDEN']);
      const done = await change({ auth: { type, session, identifier, password } });
      assert.deepEqual([done.status, done.body], [200, {}]);
      assertRefused(await loginAs('changer'), [403, 'M_FORBIDDEN']);
      assert.equal((await loginAs('changer', 'new secret')).status, 200);
      const whoami = (each: string): Promise<Response> =>
        api(edge.url).request('GET', `${v3}/account/whoami`, { token: each });
      assert.equal((await whoami(token)).status, 200);
      assertRefused(await whoami(other), [401, 'M_UNKNOWN_TOKEN']);
    });

    it('does not take the password of another user', async () => {
      const { token } = await edge.logInNewUser('victim', 'another secret');
      const identifier = { type: 'm.id.user', user: 'alice' };
      const body = { new_password: 'x', auth: { type, identifier, password } };
      const options = { token, body };
      const answer = await api(edge.url).request('POST', `${v3}/account/password`, options);
      assertRefused(answer, [403, 'M_FORBIDDEN']);
    });

    it('limits failures for one account, whether it exists or not', async () => {
      const rc_login = { failed_attempts: { per_second: 0.001, burst_count: 2 } };
      const generous = { per_second: 1000, burst_count: 1000 };
      await restart({ rc_login: { ...rc_login, address: generous, account: generous } });
      for (const user of ['alice', 'nobody']) {
        assertRefused(await loginAs(user, 'wrong'), [403, 'M_FORBIDDEN']);
        assertRefused(await loginAs(user.toUpperCase(), 'wrong'), [403, 'M_FORBIDDEN']);
        assertRefused(await loginAs(user), [429, 'M_LIMIT_EXCEEDED']);
      }
    });

    it('limits logins from one address and to one account', async () => {
      const generous = { per_second: 1000, burst_count: 1000 };
      const one = { per_second: 0.001, burst_count: 1 };
      await restart({ rc_login: { address: one, account: generous } });
      assert.equal((await loginAs('alice')).status, 200);
      assertRefused(await loginAs('alice'), [429, 'M_LIMIT_EXCEEDED']);
      await restart({ rc_login: { address: generous, account: one } });
      assert.equal((await loginAs('alice')).status, 200);
      assertRefused(await loginAs('alice'), [429, 'M_LIMIT_EXCEEDED']);
    });

    it('tells the address of the server, and offers no passwords where they are switched off', async () => {
      await restart({ public_baseurl: 'https://matrix.example.org' });
      const { body } = await loginAs('alice');
      const wellKnown = { 'm.homeserver': { base_url: 'https://matrix.example.org/' } };
      assert.deepEqual(valueAt(body, 'well_known'), wellKnown);
      await restart({ password_config: { enabled: false } });
      const flows = await api(edge.url).request('GET', `${v3}/login`);
      assert.deepEqual(flows.body, { flows: [forServices] });
      assertRefused(await loginAs('alice'), [400, 'M_UNKNOWN']);
      const { token } = await edge.logInNewUser('passwordless');
      const options = { token, body: { new_password: 'x' } };
      const change = await api(edge.url).request('POST', `${v3}/account/password`, options);
      assertRefused(change, [403, 'M_FORBIDDEN']);
    });
  });
}
