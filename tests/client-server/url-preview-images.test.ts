import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before } from 'node:test';

import { textAt, valueAt } from '../harness/json-path.ts';
import { picture } from '../harness/pictures.ts';
import { serverTests } from './server-test.ts';

let site = '';
let png: Buffer = Buffer.alloc(0);

const world = createServer((request, response) => {
  const path = request.url?.split('?')[0];
  if (path === '/page') {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<title>A page</title><meta property="og:image" content="a.png">');
  } else if (path === '/fake') {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<title>A page</title><meta property="og:image" content="fake.png">');
  } else if (path === '/fake.png') {
    response.writeHead(200, { 'content-type': 'image/png' }).end('<script>no picture</script>');
  } else {
    response.setHeader('content-disposition', 'inline; filename="a cat.png"');
    response.writeHead(200, { 'content-type': 'image/png' }).end(png);
  }
});

before(async () => {
  png = await picture(64, 48, 'png');
  await new Promise<void>((resolve) => world.listen(0, '127.0.0.2', resolve));
  const address = world.address();
  site = `http://127.0.0.2:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
after(() => {
  world.close();
  world.closeAllConnections();
});

const previewTest = serverTests({
  url_preview_enabled: true,
  url_preview_ip_range_blacklist: ['127.0.0.0/8'],
  url_preview_ip_range_whitelist: ['127.0.0.2'],
});

const previewPath = '/_matrix/client/v1/media/preview_url';

previewTest('the picture of a page is media of this server, with thumbnails', async ({ user }) => {
  const alice = await user('alice');
  for (const [path, others] of Object.entries({
    '/page': { 'og:title': 'A page' },
    '/a.png': { 'og:description': 'a cat.png' },
  })) {
    const { body } = await alice.request('GET', previewPath, { query: { url: site + path } });
    const mxc = textAt(body, 'og:image');
    assert.deepEqual(body, {
      ...others,
      'og:image': mxc,
      'og:image:type': 'image/png',
      'og:image:width': 64,
      'og:image:height': 48,
      'matrix:image:size': png.length,
    });
    const media = mxc.replace('mxc://', '');
    const download = await alice.request('GET', `/_matrix/client/v1/media/download/${media}`);
    assert.equal(download.status, 200);
    assert.deepEqual(download.bytes, png);
    assert.match(String(download.headers['content-disposition']), /a cat\.png/);
    const thumbnail = await alice.request('GET', `/_matrix/client/v1/media/thumbnail/${media}`, {
      query: { width: 32, height: 32, method: 'scale' },
    });
    assert.equal(thumbnail.status, 200);
  }
});

previewTest('what only calls itself a picture is left out', async ({ user }) => {
  const alice = await user('alice');
  const query = { url: `${site}/fake` };
  const { body } = await alice.request('GET', previewPath, { query });
  assert.deepEqual(body, { 'og:title': 'A page' });
  const alone = await alice.request('GET', previewPath, { query: { url: `${site}/fake.png` } });
  assert.deepEqual([alone.status, valueAt(alone.body, 'og:image')], [200, undefined]);
});
