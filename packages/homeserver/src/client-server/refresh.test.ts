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
const minuteMs = 60_000;

interface Tokens {
  readonly access: string;
  readonly refresh: string;
}

for (const engine of testEngines()) {
  describe(`sessions that expire (${engine.name})`, () => {
    let database: TestDatabase;
    let edge: AccountEdgeUnderTest;

    before(async () => {
      database = await engine.createDatabase();
      edge = await startAccountEdge(database.config, {
        refreshable_access_token_lifetime: '5m',
        refresh_token_lifetime: '1h',
        session_lifetime: '2h',
        nonrefreshable_access_token_lifetime: '30m',
        login_via_existing_session: { enabled: true, require_ui_auth: false },
      });
      await edge.logInNewUser('alice', password);
    });
    after(async () => {
      await edge.close();
      await database.drop();
    });

    const send = (
      method: string,
      path: string,
      body?: unknown,
      token?: string,
    ): Promise<Response> =>
      api(edge.url).request(method, path, {
        ...(body === undefined ? {} : { body }),
        ...(token === undefined ? {} : { token }),
      });
    const login = (wishes: object): Promise<Response> => {
      const identifier = { type: 'm.id.user', user: 'alice' };
      return send('POST', `${v3}/login`, {
        type: 'm.login.password',
        identifier,
        password,
        ...wishes,
      });
    };
    const refresh = (token: string): Promise<Response> =>
      send('POST', `${v3}/refresh`, { refresh_token: token });
    const tokensIn = ({ status, body }: Response): Tokens => {
      assert.equal(status, 200, JSON.stringify(body));
      return { access: textAt(body, 'access_token'), refresh: textAt(body, 'refresh_token') };
    };
    const verdict = ({ status, body }: Response): unknown => [
      status,
      valueAt(body, 'errcode'),
      valueAt(body, 'soft_logout'),
    ];
    const use = async (token: string): Promise<unknown> =>
      verdict(await send('GET', `${v3}/account/whoami`, undefined, token));
    const works = [200, undefined, undefined];
    const unknown = [401, 'M_UNKNOWN_TOKEN', false];
    const expired = [401, 'M_UNKNOWN_TOKEN', true];

    it('gives a refresh token to who asks for one, and to nobody else', async () => {
      const { body } = await login({});
      assert.equal(valueAt(body, 'refresh_token'), undefined);
      assert.equal(valueAt(body, 'expires_in_ms'), 30 * minuteMs);
      const asked = await login({ refresh_token: true });
      assert.match(
        textAt(asked.body, 'refresh_token'),
        /^syr_YWxpY2U_[A-Za-z]{20}_[0-9A-Za-z]{6}$/,
      );
      assert.equal(valueAt(asked.body, 'expires_in_ms'), 5 * minuteMs);
    });

    it('keeps a refresh token until what replaced it is used', async () => {
      const first = tokensIn(await login({ refresh_token: true }));
      const lost = tokensIn(await refresh(first.refresh));
      const second = tokensIn(await refresh(first.refresh));
      assert.deepEqual(await use(lost.access), unknown, 'the answer that was lost');
      assert.deepEqual(verdict(await refresh(lost.refresh)), unknown);
      assert.deepEqual(await use(first.access), works);
      assert.deepEqual(await use(second.access), works);
      assert.deepEqual(await use(first.access), unknown);
      assert.deepEqual(verdict(await refresh(first.refresh)), unknown);
      const third = tokensIn(await refresh(second.refresh));
      const fourth = tokensIn(await refresh(third.refresh));
      assert.deepEqual(verdict(await refresh(second.refresh)), unknown);
      assert.deepEqual(await use(fourth.access), works);
    });

    it('logs out softly once an access token has expired, and a refresh brings it back', async () => {
      const { access, refresh: token } = tokensIn(await login({ refresh_token: true }));
      assert.deepEqual(await use(access), works);
      edge.clock.nowMs += 5 * minuteMs;
      assert.deepEqual(await use(access), expired);
      assert.deepEqual(await use(tokensIn(await refresh(token)).access), works);
    });

    it('ends a session that was not refreshed in time', async () => {
      const { refresh: token } = tokensIn(await login({ refresh_token: true }));
      edge.clock.nowMs += 60 * minuteMs;
      assert.deepEqual(verdict(await refresh(token)), expired);
    });

    it('ends a session after its lifetime, however often it is refreshed', async () => {
      let tokens = tokensIn(await login({ refresh_token: true }));
      for (let minutes = 0; minutes < 117; minutes += 39) {
        edge.clock.nowMs += 39 * minuteMs;
        tokens = tokensIn(await refresh(tokens.refresh));
        assert.deepEqual(await use(tokens.access), works);
      }
      const last = await refresh(tokens.refresh);
      assert.equal(valueAt(last.body, 'expires_in_ms'), 3 * minuteMs);
      edge.clock.nowMs += 3 * minuteMs;
      assert.deepEqual(verdict(await refresh(textAt(last.body, 'refresh_token'))), expired);
    });

    it('ends refresh tokens with their device', async () => {
      const { access, refresh: token } = tokensIn(await login({ refresh_token: true }));
      assert.equal((await send('POST', `${v3}/logout`, {}, access)).status, 200);
      assert.deepEqual(verdict(await refresh(token)), unknown);
      const phone = { refresh_token: true, device_id: 'PHONE' };
      const earlier = tokensIn(await login(phone));
      const again = tokensIn(await login(phone));
      assert.deepEqual(verdict(await refresh(earlier.refresh)), unknown);
      assert.equal((await refresh(again.refresh)).status, 200);
    });

    it('refuses what is no refresh token', async () => {
      assert.deepEqual(verdict(await refresh('syr_x')), unknown);
      const { access } = tokensIn(await login({ refresh_token: true }));
      assert.deepEqual(verdict(await refresh(access)), unknown);
      const missing = await send('POST', `${v3}/refresh`, {});
      assert.deepEqual(
        [missing.status, valueAt(missing.body, 'errcode')],
        [400, 'M_MISSING_PARAM'],
      );
    });

    it('logs in with a token that a session asked for, once and in time', async () => {
      const { access } = tokensIn(await login({ refresh_token: true }));
      const path = '/_matrix/client/v1/login/get_token';
      const issue = async (): Promise<string> => {
        const { status, body } = await send('POST', path, {}, access);
        assert.equal(status, 200, JSON.stringify(body));
        assert.equal(valueAt(body, 'expires_in_ms'), 5 * minuteMs);
        return textAt(body, 'login_token');
      };
      const withToken = (token: string): Promise<Response> =>
        send('POST', `${v3}/login`, { type: 'm.login.token', token });
      const token = await issue();
      const { status, body } = await withToken(token);
      assert.deepEqual([status, valueAt(body, 'user_id')], [200, '@alice:example.org']);
      assert.deepEqual(verdict(await withToken(token)), [403, 'M_FORBIDDEN', undefined]);
      const late = await issue();
      edge.clock.nowMs += 5 * minuteMs;
      assert.deepEqual(verdict(await withToken(late)), [403, 'M_FORBIDDEN', undefined]);
      const flows = valueAt((await send('GET', `${v3}/login`)).body, 'flows', 0);
      assert.deepEqual(flows, { type: 'm.login.token', get_login_token: true });
    });
  });
}
