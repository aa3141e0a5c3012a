import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { api, pathOf } from '../../../../tests/harness/api.ts';
import type { Response } from '../../../../tests/harness/api.ts';
import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { listAt, textAt, valueAt } from '../../../../tests/harness/json-path.ts';
import { startAccountEdge } from './account-edge-under-test.ts';
import type { AccountEdgeUnderTest } from './account-edge-under-test.ts';

const v3 = '/_matrix/client/v3';
const password = 'secret';
const type = 'm.login.password';

for (const engine of testEngines()) {
  describe(`device endpoints (${engine.name})`, () => {
    let database: TestDatabase;
    let edge: AccountEdgeUnderTest;
    let token: string;
    let userId: string;

    before(async () => {
      database = await engine.createDatabase();
      edge = await startAccountEdge(database.config);
      ({ token, userId } = await edge.logInNewUser('alice', password));
    });
    after(async () => {
      await edge.close();
      await database.drop();
    });

    const ask = (method: string, path: string, body?: unknown): Promise<Response> =>
      api(edge.url).request(method, v3 + path, { token, ...(body === undefined ? {} : { body }) });
    const addDevice = async (deviceId: string): Promise<string> => {
      const body = { type, user: userId, password, device_id: deviceId };
      const { body: answer } = await api(edge.url).request('POST', `${v3}/login`, { body });
      return textAt(answer, 'access_token');
    };
    const deviceIds = async (): Promise<unknown[]> =>
      listAt((await ask('GET', '/devices')).body, 'devices').map((each) =>
        valueAt(each, 'device_id'),
      );
    const assertRefused = ({ status, body }: Response, wanted: readonly [number, string]): void => {
      assert.deepEqual([status, valueAt(body, 'errcode')], wanted, JSON.stringify(body));
    };

    it('shows devices with when and from where they were last seen', async () => {
      const id = 'odd/ID ü';
      const other = await addDevice(id);
      const headers = { 'x-forwarded-for': '203.0.113.7' };
      await api(edge.url).request('GET', `${v3}/devices`, { token: other, headers });
      const seen = { last_seen_ip: '203.0.113.7', last_seen_ts: edge.clock.nowMs };
      const path = pathOf`/devices/${id}`;
      assert.deepEqual((await ask('GET', path)).body, { device_id: id, ...seen });
      const renamed = await ask('PUT', path, { display_name: 'Renamed' });
      assert.deepEqual([renamed.status, renamed.body], [200, {}]);
      assert.equal((await ask('PUT', path, {})).status, 200);
      const expected = { device_id: id, display_name: 'Renamed', ...seen };
      const devices = listAt((await ask('GET', '/devices')).body, 'devices');
      assert.deepEqual(devices.at(-1), expected);
      assert.equal(devices.length, 2);
    });

    it('refuses devices that are not there and names that are none', async () => {
      assertRefused(await ask('GET', '/devices/NONE'), [404, 'M_NOT_FOUND']);
      assertRefused(await ask('PUT', '/devices/NONE', {}), [404, 'M_NOT_FOUND']);
      await addDevice('NAMED');
      assertRefused(await ask('PUT', '/devices/NAMED', { display_name: 1 }), [400, 'M_BAD_JSON']);
      assertRefused(await ask('PUT', '/devices/NAMED', []), [400, 'M_BAD_JSON']);
      const long = { display_name: 'x'.repeat(101) };
      assertRefused(await ask('PUT', '/devices/NAMED', long), [400, 'M_TOO_LARGE']);
    });

    it('shows nobody the devices of others', async () => {
      await addDevice('MINE');
      const other = await edge.logInNewUser('other');
      const path = `${v3}/devices/MINE`;
      const answer = await api(edge.url).request('GET', path, { token: other.token });
      assertRefused(answer, [404, 'M_NOT_FOUND']);
    });

    it('deletes a device after the password was given', async () => {
      const gone = await addDevice('GONE');
      const challenge = await ask('DELETE', '/devices/GONE');
      assert.equal(challenge.status, 401);
      assert.deepEqual(valueAt(challenge.body, 'flows'), [{ stages: [type] }]);
      assert.ok((await deviceIds()).includes('GONE'));
      const session = textAt(challenge.body, 'session');
      const auth = { type, session, user: userId, password };
      const elsewhere = await ask('DELETE', '/devices/MINE', { auth });
      assertRefused(elsewhere, [403, 'M_UNKNOWN']);
      const deleted = await ask('DELETE', '/devices/GONE', { auth });
      assert.deepEqual([deleted.status, deleted.body], [200, {}]);
      assert.equal((await deviceIds()).includes('GONE'), false);
      const answer = await api(edge.url).request('GET', `${v3}/devices`, { token: gone });
      assertRefused(answer, [401, 'M_UNKNOWN_TOKEN']);
    });

    it('deletes several devices at once', async () => {
      const tokens = [await addDevice('ONE'), await addDevice('TWO'), await addDevice('THREE')];
      assertRefused(await ask('POST', '/delete_devices', {}), [400, 'M_MISSING_PARAM']);
      assertRefused(await ask('POST', '/delete_devices', { devices: 'ONE' }), [400, 'M_BAD_JSON']);
      assertRefused(await ask('POST', '/delete_devices', { devices: [1] }), [400, 'M_BAD_JSON']);
      const devices = ['ONE', 'TWO', 'NONE'];
      const challenge = await ask('POST', '/delete_devices', { devices });
      assert.equal(challenge.status, 401);
      const session = textAt(challenge.body, 'session');
      const auth = { type, session, user: userId, password };
      const deleted = await ask('POST', '/delete_devices', { devices, auth });
      assert.deepEqual([deleted.status, deleted.body], [200, {}]);
      const statuses = await Promise.all(
        tokens.map(async (each) => {
          const path = `${v3}/account/whoami`;
          return (await api(edge.url).request('GET', path, { token: each })).status;
        }),
      );
      assert.deepEqual(statuses, [401, 401, 200]);
    });
  });
}
