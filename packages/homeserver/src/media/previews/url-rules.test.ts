import assert from 'node:assert/strict';
import { test } from 'node:test';

import { configFrom } from '../../config/parse-config.ts';
import { urlRules } from './url-rules.ts';

/** Whether each of the addresses is blocked by these entries of `url_preview_url_blacklist`. */
function blocks(entries: readonly object[], ...urls: readonly string[]): boolean[] {
  const { config } = configFrom({ server_name: 'a', url_preview_url_blacklist: entries });
  const isBlocked = urlRules(config.urlPreviews.urlRules);
  return urls.map((url) => isBlocked(new URL(url)));
}

test('a glob is matched with the whole part, in its case', () => {
  const urls = ['http://google.com/', 'http://www.google.com/', 'http://google.community/'];
  assert.deepEqual(blocks([{ netloc: 'google.com' }], ...urls), [true, false, false]);
  assert.deepEqual(blocks([{ netloc: '*.google.com' }], ...urls), [false, true, false]);
  assert.deepEqual(blocks([{ netloc: 'google.com*' }], ...urls), [true, false, true]);
  const paths = ['http://a/b', 'http://a/bc', 'http://a/B', 'http://a/[c]'];
  assert.deepEqual(blocks([{ path: '/?' }], ...paths), [true, false, true, false]);
  assert.deepEqual(blocks([{ path: '/[a-c]*' }], ...paths), [true, true, false, false]);
  assert.deepEqual(blocks([{ path: '/[!b]*' }], ...paths), [false, false, true, true]);
  assert.deepEqual(blocks([{ path: '/[[]c]' }], ...paths), [false, false, false, true]);
});

test('all parts of an entry must match, any entry blocks', () => {
  const entries = [{ netloc: 'acme.com', path: '/foo' }, { scheme: 'http' }];
  const urls = ['https://acme.com/foo', 'https://acme.com/bar', 'http://other.org/'];
  assert.deepEqual(blocks(entries, ...urls), [true, false, true]);
});

test('what begins with ^ is a regular expression of the beginning', () => {
  const literal = [{ netloc: String.raw`^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$` }];
  assert.deepEqual(
    blocks(literal, 'http://1.2.3.4/', 'http://1.2.3.4:80/', 'http://a.1.2.3.4.org/'),
    [true, true, false],
  );
  assert.deepEqual(
    blocks([{ path: String.raw`^/(?P<x>.)(?P=x)\Z` }], 'http://a/bb', 'http://a/bbc'),
    [true, false],
  );
});

test('parts that an address does not have match nothing, empty ones match a star', () => {
  const any = (part: string): boolean[] =>
    blocks([{ [part]: '*' }], 'https://a.org', 'https://bob:pass@a.org:8443/p?q#f', 'http://:p@a/');
  assert.deepEqual(any('username'), [false, true, true]);
  assert.deepEqual(any('password'), [false, true, true]);
  assert.deepEqual(any('query'), [true, true, true]);
  const whole = 'https://bob:pass@a.org:8443/p?q#f';
  for (const [part, value] of Object.entries({
    scheme: 'https',
    netloc: 'bob:pass@a.org:8443',
    hostname: 'a.org',
    username: 'bob',
    password: 'pass',
    port: 8443,
    path: '/p',
    query: 'q',
    fragment: 'f',
  })) {
    assert.deepEqual(blocks([{ [part]: value }], whole, 'http://b'), [true, false], part);
  }
  assert.deepEqual(blocks([{ port: 443 }], 'https://a.org/', 'http://a.org/'), [true, false]);
});

test('another spelling of an address is the same address', () => {
  const entries = [{ hostname: '127.0.0.1' }, { netloc: 'example.org', path: '/secret' }];
  const urls = [
    'http://0x7f.1/',
    'http://2130706433/',
    'http://0177.0.0.1/',
    'HTTP://EXAMPLE.org:80/secret',
    String.raw`http:\\example.org\secret`,
    'http://ex%61mple.org/a/../secret',
  ];
  assert.deepEqual(
    blocks(entries, ...urls),
    urls.map(() => true),
  );
});
