import assert from 'node:assert/strict';
import { test } from 'node:test';

import { describeOembed } from './describe-oembed.ts';

const page = 'https://example.org/page';
const json = (value: unknown) => describeOembed(JSON.stringify(value), 'json', page);
const xml = (text: string) => describeOembed(text, 'xml', page);

test('a film: its title, site, picture, size, and for how long', async () => {
  const film = {
    version: 1,
    type: 'video',
    title: 'Tom &amp; Jerry',
    provider_name: 'A site',
    author_name: 'bob',
    thumbnail_url: 'https://example.org/a.png',
    html: '<iframe src="https://example.org/film"></iframe><p>A cat.</p>',
    width: 640,
    height: '480',
    cache_age: '7200',
  };
  assert.deepEqual(await json(film), {
    openGraph: {
      'og:url': page,
      'og:title': 'Tom & Jerry',
      'og:site_name': 'A site',
      'og:description': 'A cat.',
      'og:type': 'video.other',
      'og:video': 'https://example.org/film',
      'og:video:width': 640,
      'og:video:height': 480,
    },
    image: 'https://example.org/a.png',
    authorName: 'bob',
    lifetimeMs: 7_200_000,
  });
});

test('a photo is its own picture, a rich one says what is in it', async () => {
  const photo = { version: '1.0', type: 'photo', url: '/large.png', thumbnail_url: '/small.png' };
  assert.equal((await json(photo))?.image, '/large.png');
  const rich = await json({ type: 'rich', html: '<blockquote><p>Hello</p><img src=/b.png>' });
  assert.equal(rich?.openGraph['og:description'], 'Hello');
  assert.equal(rich?.image, '/b.png');
});

test('the same in XML', async () => {
  const described = await xml(`<?xml version="1.0" encoding="utf-8"?><oembed>
    <version>1.0</version><type>link</type><title><![CDATA[Tom]]> &amp; Jerry</title>
    <author_name>bob</author_name><cache_age>3600</cache_age><deep><title>no</title></deep></oembed>`);
  assert.deepEqual(described, {
    openGraph: { 'og:url': page, 'og:title': 'Tom & Jerry', 'og:type': 'website' },
    image: undefined,
    authorName: 'bob',
    lifetimeMs: 3_600_000,
  });
});

test('what is no description, or of a version to come, is none', async () => {
  for (const value of [null, [], 'text', 1, { version: '2.0' }, { version: {} }]) {
    assert.equal(await json(value), undefined);
  }
  assert.equal(await describeOembed('{', 'json', page), undefined);
  for (const text of ['', 'text', '<html></html>', '<oembed><version>3</version></oembed>']) {
    assert.equal(await xml(text), undefined);
  }
});

test('fields of the wrong type are passed over', async () => {
  const described = await json({ type: 7, title: {}, html: [], cache_age: 'soon', author_name: 1 });
  assert.deepEqual(described, {
    openGraph: { 'og:url': page },
    image: undefined,
    authorName: undefined,
    lifetimeMs: undefined,
  });
});

test('XML with a document type, and so with entities that grow, is refused', async () => {
  const entities = Array.from({ length: 10 }, (_, index) => {
    return `<!ENTITY l${index + 1} "${`&l${index};`.repeat(10)}">`;
  });
  const laughs = `<?xml version="1.0"?><!DOCTYPE oembed [<!ENTITY l0 "lol">${entities.join('')}]>
    <oembed><title>&l10;</title></oembed>`;
  assert.equal(await xml(laughs), undefined);
  const external = '<!DOCTYPE oembed SYSTEM "file:///etc/passwd"><oembed><title>a</title></oembed>';
  assert.equal(await xml(external), undefined);
});

test('XML that is nested beyond the limit is refused', async () => {
  assert.equal(await xml(`<oembed>${'<a>'.repeat(80_000)}`), undefined);
});
