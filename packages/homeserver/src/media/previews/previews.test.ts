import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { after, before, beforeEach, describe, it } from 'node:test';

import { testEngines } from '../../../../../tests/harness/engines.ts';
import { valueAt } from '../../../../../tests/harness/json-path.ts';
import { serve } from '../../outbound/server-under-test.ts';
import {
  failureMs,
  keptAfterExpiryMs,
  lifetimeMsMax,
  lifetimeMsMin,
  strayAfterMs,
} from './limits.ts';
import { removeExpired } from './preview-removal.ts';
import { previewUrl } from './preview-url.ts';
import { openPreviewsUnderTest, refusal } from './previews-under-test.ts';
import type { PreviewsUnderTest } from './previews-under-test.ts';
import { readExpiredPreviews } from './url-preview-store.ts';

const png = Buffer.from('\u0089PNG and so on', 'latin1');

let answer: RequestListener;
/** What the server was asked for since the test began. */
let asked: string[] = [];
const port = await serve((request, response) => {
  asked.push(request.url ?? '');
  answer(request, response);
});
const origin = `http://127.0.0.2:${port}`;

for (const engine of testEngines()) {
  describe(`previews (${engine.name})`, () => {
    let given: PreviewsUnderTest;

    before(async () => {
      given = await openPreviewsUnderTest(await engine.createDatabase(), {
        url_preview_accept_language: ['fr', 'en;q=0.5'],
      });
    });
    after(() => given.close());
    beforeEach(() => {
      asked = [];
    });

    let pages = 0;
    /** A page that no other test has asked for. */
    function newPage(): string {
      pages += 1;
      return `${origin}/page-${pages}`;
    }

    function html(text: string, headers: Readonly<Record<string, string>> = {}): void {
      answer = ({ url }, response) => {
        if (url?.startsWith('/page'))
          response.writeHead(200, { ...htmlType, ...headers }).end(text);
        else if (url === '/a.png')
          response.writeHead(200, { 'content-type': 'image/png' }).end(png);
        else response.writeHead(404).end();
      };
    }
    const htmlType = { 'content-type': 'text/html' };

    async function preview(url: string, ts?: number): Promise<unknown> {
      return JSON.parse(await previewUrl(given.previews, url, ts));
    }
    const now = (): number => given.previews.now();

    it('has the picture of a page as media of this server', async () => {
      html('<base href="/other/"><title>A</title><meta property="og:image" content="../a.png">');
      const found = await preview(newPage());
      const [[mxc, kept] = []] = [...given.images.kept].slice(-1);
      assert.deepEqual(found, {
        'og:title': 'A',
        'og:image': mxc,
        'og:image:type': 'image/png',
        'og:image:width': 20,
        'og:image:height': 10,
        'matrix:image:size': png.length,
      });
      assert.deepEqual(kept?.bytes, png);
      assert.equal(kept.image.url, `${origin}/a.png`);
    });

    it('leaves out a picture that cannot be had, or that is none', async () => {
      html('<title>A</title><meta property="og:image" content="/missing.png">');
      assert.deepEqual(await preview(newPage()), { 'og:title': 'A' });
      html('<title>B</title><meta property="og:image" content="/page.html">');
      assert.deepEqual(await preview(newPage()), { 'og:title': 'B' });
    });

    it('of a picture is the picture, with its name', async () => {
      const url = newPage();
      answer = (_request, response) => {
        response.setHeader('content-disposition', 'inline; filename="cat.png"');
        response.writeHead(200, { 'content-type': 'image/png; x=y' }).end(png);
      };
      const found = await preview(url);
      const [mxc] = [...given.images.kept.keys()].slice(-1);
      assert.deepEqual(found, {
        'og:description': 'cat.png',
        'og:image': mxc,
        'og:image:type': 'image/png',
        'og:image:width': 20,
        'og:image:height': 10,
        'matrix:image:size': png.length,
      });
    });

    it('asks as a bot, in the languages of the operator', async () => {
      let headers: unknown;
      answer = (request, response) => {
        headers = {
          agent: request.headers['user-agent'],
          language: request.headers['accept-language'],
        };
        response.writeHead(200, htmlType).end('<title>A</title>');
      };
      await preview(newPage());
      assert.deepEqual(headers, { agent: 'Soma (bot)', language: 'fr,en;q=0.5' });
    });

    it('takes what the page links to as its oEmbed description, after its own tags', async () => {
      const described = { version: '1.0', type: 'rich', title: 'of oEmbed', author_name: 'bob' };
      const oembed = { ...described, provider_name: 'A site', html: '<p>Words</p>' };
      answer = ({ url }, response) => {
        if (url?.startsWith('/oembed') === true) {
          response
            .writeHead(200, { 'content-type': 'application/json' })
            .end(JSON.stringify(oembed));
        } else {
          response.writeHead(200, htmlType).end(`<title>plain</title>
            <meta property="og:description" content="of the page">
            <link rel="alternate" type="application/json+oembed" href="/oembed?of=it">`);
        }
      };
      const url = newPage();
      assert.deepEqual(await preview(url), {
        'og:title': 'of oEmbed',
        'og:description': 'of the page',
        'og:site_name': 'A site',
        'og:url': url,
      });
      assert.deepEqual(asked.slice(-1), ['/oembed?of=it']);
    });

    it('takes an author for a title that is missing, and XML for a description', async () => {
      answer = ({ url }, response) => {
        const isOembed = url?.startsWith('/oembed') === true;
        const type = isOembed ? 'text/xml' : 'text/html';
        response.writeHead(200, { 'content-type': type });
        response.end(
          isOembed
            ? '<oembed><version>1.0</version><author_name>bob</author_name></oembed>'
            : '<link rel="alternate" type="text/xml+oembed" href="/oembed">',
        );
      };
      const url = newPage();
      assert.deepEqual(await preview(url), { 'og:url': url, 'og:title': 'bob' });
    });

    it('is asked for as a whole again where not all of it is of the page', async () => {
      const seen: unknown[] = [];
      answer = (request, response) => {
        if (request.url === '/described') {
          response.writeHead(200, { 'content-type': 'application/json' }).end('{"title":"A"}');
          return;
        }
        seen.push(request.headers['if-none-match']);
        response.writeHead(200, { ...htmlType, etag: '"v1"' });
        response.end(
          request.url?.endsWith('?picture') === true
            ? '<img src="/page-without-picture">'
            : '<link rel=alternate type=application/json+oembed href=/described>',
        );
      };
      for (const url of [newPage(), `${newPage()}?picture`]) {
        await preview(url);
        given.clock.aheadMs += lifetimeMsMin + 1;
        await preview(url);
      }
      assert.deepEqual(
        seen.filter((etag) => etag !== undefined),
        [],
      );
    });

    it('goes without an oEmbed description that cannot be had', async () => {
      html('<title>A</title><link rel=alternate type=application/json+oembed href=/missing>');
      assert.deepEqual(await preview(newPage()), { 'og:title': 'A' });
    });

    it('of JSON is empty, of anything else refused', async () => {
      answer = (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"og:title":"no"}');
      };
      assert.deepEqual(await preview(newPage()), {});
      for (const type of ['text/plain', 'video/mp4', 'nonsense']) {
        answer = (_request, response) => {
          response.writeHead(200, { 'content-type': type }).end('text');
        };
        await assert.rejects(preview(newPage()), refusal(502, 'M_UNKNOWN'));
      }
    });

    it('fetches once for all who ask at the same time', async () => {
      const url = newPage();
      answer = (_request, response) => {
        setTimeout(() => response.writeHead(200, htmlType).end('<title>A</title>'), 50);
      };
      const times = [undefined, now(), now() - 5, 0];
      const found = await Promise.all(times.map((ts) => preview(`${url}#part`, ts)));
      assert.deepEqual(
        found,
        times.map(() => ({ 'og:title': 'A' })),
      );
      assert.equal(asked.length, 1);
    });

    it('is fetched again when it has expired, and found by its time until then', async () => {
      const url = newPage();
      html('<title>first</title>', { 'cache-control': 'max-age=7200' });
      assert.deepEqual(await preview(url), { 'og:title': 'first' });
      const firstMs = now();
      html('<title>second</title>');
      given.clock.aheadMs += 7_100_000;
      assert.deepEqual(await preview(url), { 'og:title': 'first' });
      given.clock.aheadMs += 200_000;
      assert.deepEqual(await preview(url), { 'og:title': 'second' });
      assert.equal(asked.length, 2);
      assert.deepEqual(await preview(url, firstMs), { 'og:title': 'first' });
      assert.deepEqual(await preview(url, firstMs + 7_250_000), { 'og:title': 'second' });
      // Of a time before the first and of one that is still to come.
      assert.deepEqual(await preview(url, 0), { 'og:title': 'first' });
      assert.deepEqual(await preview(url, now() + 1e12), { 'og:title': 'second' });
      assert.equal(asked.length, 2);
    });

    it('is asked whether it is still the same, and kept with its picture if it is', async () => {
      const url = newPage();
      const seen: unknown[] = [];
      answer = (request, response) => {
        if (request.url === '/a.png') {
          response.writeHead(200, { 'content-type': 'image/png' }).end(png);
          return;
        }
        seen.push(request.headers['if-none-match']);
        const isSame = request.headers['if-none-match'] === '"v1"';
        response.writeHead(isSame ? 304 : 200, { ...htmlType, etag: '"v1"' });
        response.end(isSame ? undefined : '<title>A</title><img src="/a.png">');
      };
      const first = await preview(url);
      given.clock.aheadMs += lifetimeMsMin + 1;
      assert.deepEqual(await preview(url), first);
      assert.deepEqual(seen, [undefined, '"v1"']);
      given.clock.aheadMs += lifetimeMsMin - 1_000;
      assert.deepEqual(await preview(url), first);
      assert.equal(seen.length, 2);
      // The picture outlives the row that brought it, as long as the second one shows it.
      given.clock.aheadMs += keptAfterExpiryMs - lifetimeMsMin + 500_000;
      await removeExpired(given.previews);
      assert.ok(given.images.kept.has(String(valueAt(first, 'og:image'))));
      // It is too old by now for the page to say that nothing has changed.
      await preview(url);
      assert.deepEqual(seen, [undefined, '"v1"', undefined]);
    });

    it('is removed with its picture some time after it has expired', async () => {
      const url = newPage();
      html('<title>A</title><img src="/a.png">');
      await preview(url);
      const [mxc = ''] = [...given.images.kept.keys()].slice(-1);
      await removeExpired(given.previews);
      assert.ok(given.images.kept.has(mxc));
      given.clock.aheadMs += lifetimeMsMax + keptAfterExpiryMs + 1;
      await removeExpired(given.previews);
      assert.equal(given.images.kept.size, 0);
      const { reader } = given.database;
      assert.deepEqual(await readExpiredPreviews(reader, Number.MAX_SAFE_INTEGER, 1), []);
    });

    it('leaves no picture that a crash has cut off from it: each start looks for them', () => {
      assert.ok((given.images.straysBeforeTs ?? Infinity) <= Date.now() - strayAfterMs);
    });

    it('is not tried again soon after it has failed', async () => {
      const url = newPage();
      answer = (_request, response) => response.writeHead(500).end();
      await assert.rejects(preview(url), refusal(502, 'M_UNKNOWN'));
      html('<title>A</title>');
      await assert.rejects(preview(url), refusal(502, 'M_UNKNOWN'));
      assert.equal(asked.length, 1);
      given.clock.aheadMs += failureMs;
      assert.deepEqual(await preview(url), { 'og:title': 'A' });
    });

    it('of a text with what databases do not hold is the same twice', async () => {
      const url = newPage();
      html('<title>a\u0000\u001ab</title><meta name="description" content="&#xd800;\ud83d\ude00">');
      const first = await preview(url);
      assert.deepEqual(await preview(url), first);
      assert.equal(asked.length, 1);
    });
  });
}
