import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { api } from '../harness/api.ts';
import { registerUser } from '../harness/client.ts';
import { testEngines } from '../harness/engines.ts';
import { startHomeserver } from '../harness/homeserver-process.ts';
import { textAt } from '../harness/json-path.ts';

for (const engine of testEngines()) {
  test(`the icon of a provider is shown to those who are not logged in (${engine.name})`, async () => {
    await using server = await startHomeserver({ engine });
    const alice = await registerUser(server, 'alice');
    const upload = async (): Promise<string> => {
      const sent = { body: Buffer.from('an icon'), headers: { 'content-type': 'image/png' } };
      const answer = await alice.request('POST', '/_matrix/media/v3/upload', sent);
      return textAt(answer.body, 'content_uri');
    };
    const icon = await upload();
    const other = await upload();
    const statusOf = async (mxc: string): Promise<number> => {
      const path = `/_matrix/media/v3/download/${mxc.slice('mxc://'.length)}`;
      return (await api(server.url).request('GET', path)).status;
    };
    assert.deepEqual([await statusOf(icon), await statusOf(other)], [404, 404]);
    const path = join(server.folder, 'homeserver.yaml');
    const config: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const cas = { enabled: true, server_url: 'http://127.0.0.1:9', idp_icon: icon };
    writeFileSync(path, JSON.stringify(Object.assign({}, config, { cas_config: cas })));
    await server.restart();
    assert.deepEqual([await statusOf(icon), await statusOf(other)], [200, 404]);
  });
}
