import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after } from 'node:test';

import { api } from '../harness/api.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import { listenLocally } from '../harness/listen-locally.ts';
import { v3 } from './requests.ts';
import { serverTests } from './server-test.ts';
import { logInFrom, mapping, openProvider, providerEntry, signInAs, trusted } from './sso-test.ts';

const provider = await openProvider();
let picture = Buffer.from('one picture');
let mediaType = 'image/png';
let asked = 0;
const pictures = createServer((_request, response) => {
  asked += 1;
  response.writeHead(200, { 'content-type': mediaType }).end(picture);
});
const pictureAddress = `${await listenLocally(pictures)}/a`;
after(() => void pictures.close());

const config = {
  oidc_providers: [providerEntry(provider, mapping({ localpart_template: '{{ user.sub }}' }))],
  sso: { ...trusted, update_profile_information: true },
};
const test = serverTests({ ...config, ip_range_whitelist: ['127.0.0.1'] });
const testGuarded = serverTests(config);

async function pictureOf(server: string, sub: string): Promise<unknown> {
  const user = { sub, picture: pictureAddress };
  const visited = await signInAs(provider, server, user);
  const made = await logInFrom(server, visited);
  const userId = textAt(made.body, 'user_id');
  const profile = await api(server).request('GET', `${v3}/profile/${userId}`);
  return valueAt(profile.body, 'avatar_url');
}

test('a user has the picture of the provider, and a new one when it changes', async (given) => {
  const { url } = given.server;
  picture = Buffer.from('one picture');
  mediaType = 'image/png';
  const first = await pictureOf(url, 'ann');
  assert.match(String(first), /^mxc:\/\/soma\.test\/\w+$/);
  assert.equal(await pictureOf(url, 'ann'), first);
  picture = Buffer.from('another picture');
  const second = await pictureOf(url, 'ann');
  assert.notEqual(second, first);
  for (const [type, bytes] of [
    ['text/html', Buffer.from('<script>')],
    ['image/svg+xml', Buffer.from('<svg>')],
    ['image/png', Buffer.alloc(11 * 1024 * 1024)],
  ] as const) {
    [mediaType, picture] = [type, bytes];
    assert.equal(await pictureOf(url, 'ann'), second, type);
  }
});

testGuarded('a picture is not fetched from inside the network', async (given) => {
  const askedBefore = asked;
  assert.equal(await pictureOf(given.server.url, 'bob'), undefined);
  assert.equal(asked, askedBefore);
});
