import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { configFrom } from './parse-config.ts';
import { ConfigError } from './schema/problem.ts';

const folder = mkdtempSync(join(tmpdir(), 'soma-oembed-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const read = (options: object) => configFrom({ server_name: 'a', ...options }).config.urlPreviews;

function refused(options: object, path: string, expected: RegExp): void {
  assert.throws(
    () => read(options),
    (error) => {
      assert.ok(error instanceof ConfigError);
      const [problem] = error.problems;
      assert.equal(problem?.path, path);
      assert.match(`${problem.expected}, found ${problem.found}`, expected);
      return true;
    },
  );
}

test('previews are off, and their options have the defaults of Synapse', () => {
  const { oembed, ...others } = read({});
  assert.deepEqual(others, {
    enabled: false,
    ipRangeBlacklist: [],
    ipRangeWhitelist: [],
    urlRules: [],
    bytesMax: 10 * 1024 * 1024,
    acceptLanguage: ['en'],
  });
  assert.ok(oembed.endpoints.length > 0);
});

test('they are not enabled without the addresses that they may not reach', () => {
  const path = 'url_preview_ip_range_blacklist';
  refused(
    { url_preview_enabled: true },
    path,
    /because url_preview_enabled is true, found nothing/,
  );
  assert.deepEqual(read({ url_preview_enabled: true, [path]: [] }).ipRangeBlacklist, []);
  refused({ url_preview_enabled: true, [path]: ['10.0.0.0/99'] }, `${path}[0]`, /an IP address/);
});

test('a rule that cannot match is refused', () => {
  const name = 'url_preview_url_blacklist';
  refused({ [name]: [{ host: 'a' }] }, `${name}[0]`, /the parts scheme, .*, found host/);
  refused({ [name]: [{}] }, `${name}[0]`, /at least one part/);
  refused({ [name]: [{ path: '^(' }] }, `${name}[0].path`, /a regular expression/);
  refused({ [name]: [{ path: true }] }, `${name}[0].path`, /a glob/);
});

test('a language that would break the request is refused', () => {
  const name = 'url_preview_accept_language';
  refused({ [name]: ['en\r\nx: y'] }, `${name}[0]`, /a language/);
  refused({ [name]: [] }, name, /a list of 1 or more/);
  assert.deepEqual(read({ [name]: ['fr;q=0.8', '*'] }).acceptLanguage, ['fr;q=0.8', '*']);
});

test('files add sites that describe their pages, in JSON or in XML', () => {
  const providers = [
    {
      provider_name: 'a',
      endpoints: [{ schemes: ['https://a.org/*'], url: 'https://a.org/{format}' }],
    },
    {
      provider_name: 'b',
      endpoints: [
        { schemes: ['https://*.b.org/*'], url: 'https://b.org/o', formats: ['xml'] },
        { schemes: ['https://c.org/*'], url: 'https://b.org/o.xml' },
        { url: 'https://b.org/none', formats: ['json', 'xml'] },
      ],
    },
  ];
  const additional = [file('good.json', providers)];
  const { oembed } = read({
    oembed: { disable_default_providers: true, additional_providers: additional },
  });
  assert.deepEqual(oembed.endpoints, [
    { url: 'https://a.org/{format}', schemes: ['https://a.org/*'], format: 'json' },
    { url: 'https://b.org/o', schemes: ['https://*.b.org/*'], format: 'xml' },
    { url: 'https://b.org/o.xml', schemes: ['https://c.org/*'], format: 'xml' },
    { url: 'https://b.org/none', schemes: [], format: 'json' },
  ]);
  const all = read({ oembed: { additional_providers: additional } }).oembed.endpoints;
  assert.ok(all.length > oembed.endpoints.length);
});

test('a file of sites that is none is refused', () => {
  const path = 'oembed.additional_providers[0]';
  for (const [content, found] of [
    ['{', /no list in JSON/],
    [{}, /no list in JSON/],
    [[{}], /a provider without endpoints/],
    [[{ endpoints: [7] }], /an endpoint that is no mapping/],
    [[{ endpoints: [{ url: 'ftp://a' }] }], /the endpoint ftp:\/\/a/],
    [[{ endpoints: [{ url: 'https://a', schemes: 'b' }] }], /the schemes of https:\/\/a/],
    [[{ endpoints: [{ url: 'https://a', schemes: ['a:*'] }] }], /the scheme a:\*/],
  ] as const) {
    const additional = [file('bad.json', content)];
    refused({ oembed: { additional_providers: additional } }, path, found);
  }
  const missing = [join(folder, 'missing.json')];
  refused({ oembed: { additional_providers: missing } }, path, /missing\.json: no such file/);
});
