import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { api } from '../../../../tests/harness/api.ts';
import type { Api, Response } from '../../../../tests/harness/api.ts';
import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { valueAt } from '../../../../tests/harness/json-path.ts';
import { startAccountEdge } from './account-edge-under-test.ts';
import type { AccountEdgeUnderTest } from './account-edge-under-test.ts';

const options = {
  public_baseurl: 'https://matrix.example.org',
  extra_well_known_client_content: {
    'm.identity_server': { base_url: 'https://identity.example.org' },
    'org.example.key': { on: true },
  },
  default_room_version: '11',
  enable_set_avatar_url: false,
};

for (const engine of testEngines()) {
  describe(`what the server says of itself (${engine.name})`, () => {
    let database: TestDatabase;
    let edge: AccountEdgeUnderTest;
    let client: Api;

    before(async () => {
      database = await engine.createDatabase();
      edge = await startAccountEdge(database.config, options);
      client = api(edge.url);
    });
    after(async () => {
      await edge.close();
      await database.drop();
    });

    it('lists the versions of the specification, and lets caches keep the list', async () => {
      const { status, body, headers } = await client.request('GET', '/_matrix/client/versions');
      assert.equal(status, 200);
      const versions = valueAt(body, 'versions');
      assert.ok(Array.isArray(versions));
      const old = ['r0.0.1', 'r0.1.0', 'r0.2.0', 'r0.3.0', 'r0.4.0', 'r0.5.0', 'r0.6.0', 'r0.6.1'];
      const current = Array.from({ length: 19 }, (_, index) => `v1.${index + 1}`);
      assert.deepEqual(versions, [...old, ...current]);
      assert.equal(typeof valueAt(body, 'unstable_features'), 'object');
      assert.match(headers['cache-control'] ?? '', /public/);
    });

    it('tells what users may change and which room versions there are', async () => {
      const { token } = await edge.logInNewUser('alice');
      const { body } = await client.request('GET', '/_matrix/client/v3/capabilities', { token });
      const capability = (name: string): unknown => valueAt(body, 'capabilities', name);
      assert.equal(valueAt(capability('m.room_versions'), 'default'), '11');
      for (const version of ['10', '11', '12']) {
        assert.equal(valueAt(capability('m.room_versions'), 'available', version), 'stable');
      }
      assert.deepEqual(capability('m.change_password'), { enabled: true });
      assert.deepEqual(capability('m.set_displayname'), { enabled: true });
      assert.deepEqual(capability('m.set_avatar_url'), { enabled: false });
      assert.deepEqual(capability('m.3pid_changes'), { enabled: true });
      assert.deepEqual(capability('m.get_login_token'), { enabled: false });
      const fields = { enabled: true, disallowed: ['avatar_url'] };
      assert.deepEqual(capability('m.profile_fields'), fields);
    });

    it('tells clients its address, where the operator has given it', async () => {
      const path = '/.well-known/matrix/client';
      assert.deepEqual((await client.request('GET', path)).body, {
        'm.homeserver': { base_url: 'https://matrix.example.org/' },
        'm.identity_server': { base_url: 'https://identity.example.org' },
        'org.example.key': { on: true },
      });
      await edge.close();
      edge = await startAccountEdge(database.config);
      const { status, body } = await api(edge.url).request('GET', path);
      assert.deepEqual([status, valueAt(body, 'errcode')], [404, 'M_NOT_FOUND']);
    });

    it('tells other servers where it is, and people whom to ask, where the operator says so', async () => {
      const wellKnown = async (name: string): Promise<unknown> => {
        const { status, body } = await api(edge.url).request('GET', `/.well-known/matrix/${name}`);
        return status === 200 ? body : [status, valueAt(body, 'errcode')];
      };
      assert.deepEqual(await wellKnown('server'), [404, 'M_NOT_FOUND']);
      assert.deepEqual(await wellKnown('support'), [404, 'M_NOT_FOUND']);
      // It is none.
      assert.deepEqual(await wellKnown('policy_server'), [404, 'M_UNRECOGNIZED']);
      await edge.close();
      edge = await startAccountEdge(database.config, {
        ...options,
        serve_server_wellknown: true,
        support_contacts: [{ matrix_id: '@root:example.org' }],
        support_page: 'https://example.org/help',
      });
      assert.deepEqual(await wellKnown('server'), { 'm.server': 'example.org:443' });
      assert.deepEqual(await wellKnown('support'), {
        contacts: [{ matrix_id: '@root:example.org', role: 'm.role.admin' }],
        support_page: 'https://example.org/help',
      });
    });

    it('sends browsers to the web client, where the operator has one', async () => {
      const open = (): Promise<Response> => api(edge.url).request('GET', '/');
      const { status, body } = await open();
      assert.deepEqual([status, valueAt(body, 'errcode')], [404, 'M_UNRECOGNIZED']);
      await edge.close();
      const location = 'https://app.example.org/';
      edge = await startAccountEdge(database.config, { ...options, web_client_location: location });
      const answer = await open();
      assert.deepEqual([answer.status, answer.headers.location], [302, location]);
    });

    it('tells what a new password must contain', async () => {
      const path = '/_matrix/client/r0/password_policy';
      const policy = async (): Promise<unknown> => (await api(edge.url).request('GET', path)).body;
      assert.deepEqual(await policy(), {});
      await edge.close();
      const demanded = { enabled: true, minimum_length: 12, require_digit: true };
      edge = await startAccountEdge(database.config, {
        ...options,
        password_config: { policy: demanded },
      });
      assert.deepEqual(await policy(), {
        'm.minimum_length': 12,
        'm.require_digit': true,
        'm.require_symbol': false,
        'm.require_lowercase': false,
        'm.require_uppercase': false,
      });
    });
  });
}
