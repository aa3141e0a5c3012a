import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe } from 'node:test';

import { api, type Response } from '../harness/api.ts';
import type { TestUser } from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { serverTests } from './server-test.ts';

const authed = '/_matrix/client/v1/media/preview_url';
const frozen = ['v3', 'r0', 'v1'].map((version) => `/_matrix/media/${version}/preview_url`);

/** A site on an address that previews may reach, and one on an address that they may not. */
let site = '';
let inside = '';
let visits: string[] = [];
let insideVisits = 0;

const pages: Readonly<Record<string, string>> = {
  '/graph':
    '<meta property="og:title" content="A title"><meta property="og:type" content="article">',
  '/card': '<meta name="twitter:title" content="A card"><meta name="twitter:site" content="@site">',
  '/plain': '<title>Plain</title><script>no</script><nav>no</nav><p>The text.</p>',
  '/oembed': '<link rel="alternate" type="application/json+oembed" href="/described">',
};

const world = createServer((request, response) => {
  const path = request.url ?? '';
  visits.push(path);
  const page = pages[path.split('?')[0] ?? ''];
  if (page !== undefined) {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
  } else if (path === '/described') {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ version: '1.0', type: 'link', title: 'Described' }));
  } else if (path === '/away') {
    response.writeHead(302, { location: inside }).end();
  } else if (path === '/large') {
    response.writeHead(200, { 'content-type': 'text/html' }).end('x'.repeat(200_000));
  } else {
    response.writeHead(404).end();
  }
});
const behind = createServer((_request, response) => {
  insideVisits += 1;
  response.writeHead(200, { 'content-type': 'text/html' }).end('<title>secret</title>');
});

before(async () => {
  site = await listen(world, '127.0.0.2');
  inside = await listen(behind, '127.0.0.3');
});
after(() => {
  for (const server of [world, behind]) {
    server.close();
    server.closeAllConnections();
  }
});

async function listen(server: typeof world, host: string): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  return `http://${host}:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

function preview(user: TestUser, url: string, path = authed, more = {}): Promise<Response> {
  return user.request('GET', path, { query: { url, ...more } });
}

async function refused(
  user: TestUser,
  url: string,
  status: number,
  errcode: string,
): Promise<void> {
  const answer = await preview(user, url);
  assert.deepEqual([answer.status, valueAt(answer.body, 'errcode')], [status, errcode], url);
  assert.equal(typeof valueAt(answer.body, 'error'), 'string');
}

describe('with previews', () => {
  const previewTest = serverTests({
    url_preview_enabled: true,
    url_preview_ip_range_blacklist: ['127.0.0.0/8', '10.0.0.0/8', '::1/128'],
    url_preview_ip_range_whitelist: ['127.0.0.2'],
    url_preview_url_blacklist: [{ path: '/plain', query: 'blocked' }],
    max_spider_size: '100K',
  });

  previewTest(
    'a page is previewed by its tags, its card, its text or its oEmbed',
    async (given) => {
      const alice = await given.user('alice');
      for (const [path, expected] of Object.entries({
        '/graph': { 'og:title': 'A title', 'og:type': 'article' },
        '/card': { 'og:title': 'A card', 'og:site_name': '@site' },
        '/plain': { 'og:title': 'Plain', 'og:description': 'The text.' },
        '/oembed': { 'og:title': 'Described', 'og:type': 'website', 'og:url': `${site}/oembed` },
      })) {
        const { status, body } = await preview(alice, site + path);
        assert.equal(status, 200);
        assert.deepEqual(body, expected);
      }
    },
  );

  previewTest(
    'the paths of older clients answer the same, to users alone',
    async ({ server, user }) => {
      const alice = await user('alice');
      for (const path of [authed, ...frozen]) {
        const { status, body } = await preview(alice, `${site}/graph?old`, path, {
          ts: Date.now(),
        });
        assert.equal(status, 200, path);
        assert.equal(valueAt(body, 'og:title'), 'A title', path);
        const stranger = await api(server.url).request('GET', path, { query: { url: site } });
        assert.equal(stranger.status, 401, path);
        assert.equal(valueAt(stranger.body, 'errcode'), 'M_MISSING_TOKEN', path);
      }
    },
  );

  previewTest(
    'a page is visited once for all who ask, again after a restart too',
    async (given) => {
      const [alice, bob] = await Promise.all([given.user('alice'), given.user('bob')]);
      visits = [];
      const url = `${site}/graph?once-${given.server.url}`;
      await Promise.all([preview(alice, url), preview(bob, url), preview(alice, url)]);
      assert.equal((await preview(bob, url)).status, 200);
      assert.equal(visits.length, 1);
      await given.server.stop();
      await given.server.restart();
      assert.equal(valueAt((await preview(bob, url)).body, 'og:title'), 'A title');
      assert.equal(visits.length, 1);
    },
  );

  previewTest('what may not be reached is refused', async ({ user }) => {
    const alice = await user('alice');
    const port = new URL(inside).port;
    insideVisits = 0;
    await refused(alice, inside, 403, 'M_UNKNOWN');
    await refused(alice, `http://[::ffff:127.0.0.3]:${port}/`, 403, 'M_UNKNOWN');
    await refused(alice, `http://2130706435:${port}/`, 403, 'M_UNKNOWN');
    await refused(alice, `http://0177.0.0.3:${port}/`, 403, 'M_UNKNOWN');
    await refused(alice, `http://localhost:${port}/`, 502, 'M_UNKNOWN');
    await refused(alice, `${site}/away`, 403, 'M_UNKNOWN');
    await refused(alice, `${site}/plain?blocked`, 403, 'M_UNKNOWN');
    assert.equal(insideVisits, 0);
  });

  previewTest('what is no page that can be fetched is refused', async ({ user }) => {
    const alice = await user('alice');
    await refused(alice, 'file:///etc/passwd', 400, 'M_INVALID_PARAM');
    await refused(alice, 'data:text/html,hello', 400, 'M_INVALID_PARAM');
    await refused(alice, 'nonsense', 400, 'M_INVALID_PARAM');
    await refused(alice, `${site}/missing`, 502, 'M_UNKNOWN');
    await refused(alice, `${site}/large`, 502, 'M_TOO_LARGE');
    await refused(alice, 'http://no-such-name.invalid/', 502, 'M_UNKNOWN');
    const { status, body } = await alice.request('GET', authed);
    assert.deepEqual([status, valueAt(body, 'errcode')], [400, 'M_MISSING_PARAM']);
    const wrong = await preview(alice, site, authed, { ts: 'yesterday' });
    assert.deepEqual([wrong.status, valueAt(wrong.body, 'errcode')], [400, 'M_INVALID_PARAM']);
  });

  previewTest('one user may ask for so many and no more', async ({ newUser }) => {
    const bob = await newUser();
    const answers = await Promise.all(Array.from({ length: 150 }, () => preview(bob, 'nonsense')));
    const limited = answers.filter(({ status }) => status === 429);
    assert.ok(limited.length > 0 && limited.length <= 50);
    assert.equal(valueAt(limited[0]?.body, 'errcode'), 'M_LIMIT_EXCEEDED');
    assert.ok(limited[0]?.headers['retry-after']);
  });
});

describe('without previews', () => {
  serverTests()('the endpoint is not there, and nothing is fetched', async ({ user }) => {
    const alice = await user('alice');
    visits = [];
    for (const path of [authed, ...frozen]) {
      const { status, body } = await preview(alice, `${site}/graph`, path);
      assert.deepEqual([status, valueAt(body, 'errcode')], [404, 'M_UNRECOGNIZED'], path);
    }
    assert.deepEqual(visits, []);
  });
});
