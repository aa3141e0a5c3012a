import assert from 'node:assert/strict';
import { test } from 'node:test';

import { oembedEndpoints } from './oembed-endpoint.ts';

const find = oembedEndpoints([
  {
    url: 'https://one.example/oembed.{format}?a=b',
    schemes: ['https://*.one.example/*/film/*', 'https://one.example/f*'],
    format: 'json',
  },
  { url: 'http://two.example/oembed', schemes: ['http://two.example'], format: 'xml' },
]);
const addressOf = (page: string): string | undefined => find(new URL(page))?.url;

test('the address of a description names the page and the format', () => {
  assert.deepEqual(find(new URL('https://www.one.example/bob/film/7?x=1&y')), {
    url:
      'https://one.example/oembed.json?a=b&url=' +
      `${encodeURIComponent('https://www.one.example/bob/film/7?x=1&y')}&format=json`,
    format: 'json',
  });
  assert.equal(
    addressOf('http://two.example/'),
    'http://two.example/oembed?url=http%3A%2F%2Ftwo.example%2F&format=xml',
  );
});

test('a star stands for one character or more, in a host within one of its names', () => {
  assert.ok(addressOf('https://one.example/f1'));
  for (const page of [
    'https://one.example/f',
    'https://one.example/bob/film/7',
    'https://a.b.one.example/bob/film/7',
    'https://www.one.example//film/7',
    'https://www.one.example/bob/film/',
    'http://www.one.example/bob/film/7',
    'https://www.one.example.org/bob/film/7',
    'https://wwwxone.example/bob/film/7',
    'https://other.example/',
    'http://two.example/page',
  ]) {
    assert.equal(addressOf(page), undefined, page);
  }
});
