import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { after, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import fc from 'fast-check';

import { testEngines } from '../../../../../tests/harness/engines.ts';
import { MatrixError } from '../../errors/matrix-error.ts';
import { serve } from '../../outbound/server-under-test.ts';
import { previewUrl } from './preview-url.ts';
import { openPreviewsUnderTest, refusal } from './previews-under-test.ts';

/** What nobody outside may read. */
let secretReads = 0;
const secretPort = await serve((_request, response) => {
  secretReads += 1;
  response.writeHead(200, { 'content-type': 'text/html' }).end('<title>secret</title>');
}, '127.0.0.3');

const worldPort = await serve((request, response) => answer(request, response));
const world = `http://127.0.0.2:${worldPort}`;

/** `localhost` is in the world at the first look-up, and nowhere near it afterwards. */
let lookUps = 0;
const [engine] = testEngines();
assert.ok(engine);
const given = await openPreviewsUnderTest(
  await engine.createDatabase(),
  {
    url_preview_url_blacklist: [{ path: '/blocked*' }],
    oembed: { disable_default_providers: true },
  },
  {
    limits: {
      totalMs: 1_500,
      headersMs: 700,
      idleMs: 400,
      bodyBytesMax: 1024 * 1024,
      redirectsMax: 5,
    },
    resolveHost: (hostname) => {
      if (hostname === 'inside.example') return Promise.resolve(['10.0.0.1', '127.0.0.3']);
      if (hostname === 'nowhere.example') return Promise.resolve([]);
      lookUps += 1;
      return Promise.resolve([lookUps % 2 === 1 ? '127.0.0.2' : '127.0.0.3']);
    },
  },
);
after(() => given.close());
const title = '<title>page</title>';

function answer(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url ?? '';
  const [, kind, target = ''] = /^\/([\w-]+)\??(.*)$/.exec(path) ?? [];
  response.setHeader('content-type', 'text/html');
  switch (kind) {
    case 'redirect':
      response.writeHead(302, { location: decodeURIComponent(target) }).end();
      break;
    case 'endless':
      response.on('drain', () => feed(response));
      feed(response);
      break;
    case 'slow':
      drip(response);
      break;
    case 'silent':
      break;
    case 'bomb':
      response.setHeader('content-encoding', 'gzip');
      response.end(gzipSync(Buffer.alloc(50 * 1024 * 1024, 0x20)));
      break;
    case 'declared':
      response.setHeader('content-length', 1e12);
      response.flushHeaders();
      break;
    case 'image':
      response.end(`${title}<meta property="og:image" content="${decodeURIComponent(target)}">`);
      break;
    case 'oembed':
      response.end(
        `${title}<link rel=alternate type=text/xml+oembed href="${decodeURIComponent(target)}">`,
      );
      break;
    case 'laughs':
      response.setHeader('content-type', 'text/xml');
      response.end('<!DOCTYPE oembed [<!ENTITY a "&a;&a;">]><oembed><title>&a;</title></oembed>');
      break;
    case 'malformed':
      response.end('<<html <title>pa<ge</title <p>< a b="&#xffffffff;&"<//p><![CDATA[<b>]]>');
      break;
    default:
      response.end(title);
  }
}

function feed(response: ServerResponse): void {
  while (response.write(Buffer.alloc(16_384, 0x20)));
}

function drip(response: ServerResponse): void {
  const timer = setInterval(() => response.write(' '), 100);
  response.on('close', () => clearInterval(timer));
}

const preview = async (url: string): Promise<unknown> =>
  JSON.parse(await previewUrl(given.previews, url, undefined));

async function refused(url: string, status: number, errcode: string): Promise<void> {
  const before = secretReads;
  await assert.rejects(preview(url), refusal(status, errcode), url);
  assert.equal(secretReads, before, url);
}

describe('an address that may not be reached is refused', () => {
  for (const [how, host] of [
    ['as it is', '127.0.0.3'],
    ['in decimal', '2130706435'],
    ['in octal', '0177.0.0.03'],
    ['in hexadecimal', '0x7f000003'],
    ['shortened', '127.3'],
    ['with other digits', '１２７.０.０.３'],
    ['mapped into IPv6', '[::ffff:127.0.0.3]'],
    ['mapped into IPv6, in hexadecimal', '[::ffff:7f00:3]'],
    ['translated into IPv6', '[64:ff9b::7f00:3]'],
    ['as IPv6 of this machine', '[::1]'],
    ['as no address at all', '0.0.0.0'],
    ['as no IPv6 address at all', '[::]'],
  ] as const) {
    test(`written ${how}`, () => refused(`http://${host}:${secretPort}/`, 403, 'M_UNKNOWN'));
  }

  test('behind a name, which is told apart from no name only by the operator', async () => {
    const message = async (url: string): Promise<string> =>
      preview(url).then(
        () => 'a preview',
        (error: unknown) => String(error),
      );
    await refused(`http://inside.example:${secretPort}/`, 502, 'M_UNKNOWN');
    await refused(`http://nowhere.example:${secretPort}/`, 502, 'M_UNKNOWN');
    assert.equal(
      await message(`http://inside.example:${secretPort}/`),
      await message(`http://nowhere.example:${secretPort}/`),
    );
  });

  test('behind a redirect', async () => {
    for (const target of [
      `http://127.0.0.3:${secretPort}/`,
      `http://2130706435:${secretPort}/`,
      `//[::ffff:7f00:3]:${secretPort}/`,
      `http://inside.example:${secretPort}/`,
      `${world}/redirect?${encodeURIComponent(`http://127.0.0.3:${secretPort}/`)}`,
      'file:///etc/passwd',
      'data:text/html,<title>secret</title>',
    ]) {
      const url = `${world}/redirect?${encodeURIComponent(target)}`;
      await refused(url, 403, 'M_UNKNOWN');
    }
  });

  test('behind a name whose address changes after it was checked', async () => {
    lookUps = 0;
    // Nobody listens at the first address; the second answer of the resolver must not come to matter.
    await refused(`http://rebound.example:${secretPort}/`, 502, 'M_UNKNOWN');
    assert.equal(lookUps, 1);
  });

  test('as the picture or the description of a page, which is then shown without', async () => {
    for (const kind of ['image', 'oembed']) {
      for (const target of [
        `http://127.0.0.3:${secretPort}/${kind}`,
        `${world}/redirect?${encodeURIComponent(`http://127.0.0.3:${secretPort}/${kind}`)}`,
        'file:///etc/passwd',
        'data:image/png;base64,iVBORw0KGgo=',
        `${world}/blocked/picture`,
      ]) {
        const before = secretReads;
        const url = `${world}/${kind}?${encodeURIComponent(target)}`;
        assert.deepEqual(await preview(url), { 'og:title': 'page' });
        assert.equal(secretReads, before);
      }
    }
  });
});

test('what the operator has blocked is refused, as it is written and behind a redirect', async () => {
  await refused(`${world}/blocked`, 403, 'M_UNKNOWN');
  await refused(`${world}/redirect?${encodeURIComponent('/blocked/page')}`, 403, 'M_UNKNOWN');
});

test('what is no address of a page is refused', async () => {
  for (const url of [
    'file:///etc/passwd',
    'data:text/html,<title>secret</title>',
    'ftp://127.0.0.2/',
    'gopher://127.0.0.3/',
    'javascript:alert(1)',
    'mxc://example.org/abc',
    `http://bob:pass@127.0.0.2:${worldPort}/`,
    'http://',
    'no address',
    '',
    `${world}/${'x'.repeat(5_000)}`,
  ]) {
    await refused(url, 400, 'M_INVALID_PARAM');
  }
});

test('whatever is asked for, it is refused as what it is and nobody is visited', async () => {
  const nobody = await openPreviewsUnderTest(
    await engine.createDatabase(),
    {
      url_preview_ip_range_blacklist: ['0.0.0.0/0', '::/0'],
      url_preview_ip_range_whitelist: [],
    },
    { resolveHost: () => Promise.resolve(['127.0.0.3']) },
  );
  const before = secretReads;
  const scheme = fc.constantFrom('http://', 'https://', 'HTTP:', 'file://', 'data:', '//', '');
  const host = fc.oneof(
    fc.ipV4Extended(),
    fc.ipV6().map((ip) => `[${ip}]`),
    fc.domain(),
    fc.string(),
  );
  const rest = fc.oneof(fc.webPath(), fc.string({ unit: 'binary' }));
  const url = fc.tuple(scheme, host, fc.constantFrom('', `:${secretPort}`, ':99999', ':'), rest);
  await fc.assert(
    fc.asyncProperty(url, async (parts) => {
      await assert.rejects(
        previewUrl(nobody.previews, parts.join(''), undefined),
        (error) => error instanceof MatrixError && [400, 403, 502].includes(error.status),
      );
    }),
    { numRuns: 300, interruptAfterTimeLimit: 10_000 },
  );
  assert.equal(secretReads, before);
  await nobody.close();
});

test('redirects without end are given up', async () => {
  let url = `${world}/page`;
  for (let times = 0; times < 8; times += 1) url = `/redirect?${encodeURIComponent(url)}`;
  await refused(`${world}${url}`, 502, 'M_UNKNOWN');
});

test('a body without end, or larger than allowed, is given up', async () => {
  await refused(`${world}/endless`, 502, 'M_TOO_LARGE');
  await refused(`${world}/declared`, 502, 'M_TOO_LARGE');
});

test('a body that is small only while it is compressed is given up', () =>
  refused(`${world}/bomb`, 502, 'M_TOO_LARGE'));

test('a server that keeps others waiting is given up', async () => {
  await refused(`${world}/silent`, 502, 'M_UNKNOWN');
  await refused(`${world}/slow`, 502, 'M_UNKNOWN');
});

test('entities that would grow leave a page without its description', async () => {
  const url = `${world}/oembed?${encodeURIComponent('/laughs')}`;
  assert.deepEqual(await preview(url), { 'og:title': 'page' });
});

test('malformed HTML is read as far as it goes', async () => {
  assert.equal(typeof (await preview(`${world}/malformed`)), 'object');
});
