import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { attributesMax, depthMax, descriptionCharactersMax, imagesMax } from './limits.ts';
import { metaTagsMax, textCharactersMax, titleCharactersMax } from './limits.ts';
import { describedByContent, describedByTags, withinLimits } from './open-graph.ts';
import type { OpenGraph } from './open-graph.ts';
import type { PageFacts } from './page-facts.ts';
import { readHtml } from './read-html.ts';

/** What a preview says of a document that stands alone. */
async function described(html: string): Promise<{ openGraph: OpenGraph; image?: string }> {
  const facts = await readHtml([html]);
  const [tags, content] = [describedByTags(facts), describedByContent(facts)];
  const image = tags.image ?? content.image;
  const openGraph = withinLimits({ ...content.openGraph, ...tags.openGraph });
  return { openGraph, ...(image === undefined ? {} : { image }) };
}

test('OpenGraph tags are taken as they are, the picture apart', async () => {
  const { openGraph, image } = await described(`<!DOCTYPE html><html><head>
    <title>not this</title><meta property="og:title" content="Tom &amp; Jerry">
    <meta property="og:type" content="article"><meta property="og:image" content="/a.png">
    <meta property="og:image:width" content="9"><meta property="article:author" content="bob">
    <meta property="og:title" content="second"><META NAME="OG:Site_Name" CONTENT="A site">
    <meta property="og:empty" content=""><meta property="og:description" content="One.\n\n Two."></head>`);
  assert.deepEqual(openGraph, {
    'og:title': 'Tom & Jerry',
    'og:type': 'article',
    'article:author': 'bob',
    'og:site_name': 'A site',
    'og:description': 'One. Two.',
  });
  assert.equal(image, '/a.png');
});

test('Twitter cards fill in what OpenGraph leaves out', async () => {
  const { openGraph, image } = await described(`
    <meta name="twitter:card" content="summary"><meta name="twitter:creator" content="@a">
    <meta name="twitter:site" content="@site"><meta name="twitter:title" content="card">
    <meta property="og:title" content="graph"><meta name="twitter:description" content="of the card">
    <meta name="twitter:image" content="https://example.org/card.png">`);
  assert.deepEqual(openGraph, {
    'og:title': 'graph',
    'og:site_name': '@site',
    'og:description': 'of the card',
  });
  assert.equal(image, 'https://example.org/card.png');
});

test('a plain page: its title, and the text that people read', async () => {
  const { openGraph } = await described(`<html><head><title>
      A   page</title><style>p { color: red }</style></head><body>
    <header>Top</header><nav><a href="/">Home</a></nav><script>let x = "<p>no</p>";</script>
    <svg><title>drawing</title><text>no</text></svg><div role="menu">File</div><!-- no -->
    <p>The <b>first</b> paragraph<br>goes on.</p><noscript>no</noscript><p>The second.</p>
    <aside>no</aside><footer>Imprint</footer></body></html>`);
  assert.deepEqual(openGraph, {
    'og:title': 'A page',
    'og:description': 'The first paragraph\n\ngoes on.\n\nThe second.',
  });
});

test('without a title the first heading, without text the description', async () => {
  const { openGraph } = await described(
    '<meta name="Description" content="In short"><h2>A <i>heading</i></h2><h1>Later</h1><p>Text</p>',
  );
  assert.deepEqual(openGraph, { 'og:title': 'A heading', 'og:description': 'In short' });
});

test('the picture: what is marked as such, then the largest, then the first', async () => {
  const image = async (html: string): Promise<string | undefined> => (await described(html)).image;
  const small = '<img src="small.png" width="11" height="11">';
  const large = '<img src="large.png" width="200" height=100>';
  const pixel = '<img src="pixel.png" width="1" height="1">';
  const lazy = '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">';
  assert.equal(await image(pixel + small + large), 'large.png');
  assert.equal(await image(`${lazy}<img src=first.png>${pixel}`), 'first.png');
  assert.equal(await image(`${large}<meta itemprop="IMAGE" content="item.png">`), 'item.png');
  assert.equal(await image(`${lazy}<img alt="none">`), undefined);
});

test('oEmbed links, embedded films and the base are found', async () => {
  const facts = await readHtml([
    `<base href="/b/"><base href="/c/">
    <link rel="alternate" type="text/xml+oembed" href="/xml"><link rel="stylesheet" href="/css">
    <link rel="alternative" type="application/json+oembed" href="/json">
    <iframe src="https://example.org/film"></iframe>`,
  ]);
  assert.equal(facts.base, '/b/');
  assert.deepEqual(facts.oembedLinks, [
    { href: '/xml', format: 'xml' },
    { href: '/json', format: 'json' },
  ]);
  assert.deepEqual(facts.embeds, ['https://example.org/film']);
});

test('a long text becomes a summary of whole words', async () => {
  const { openGraph } = await described(`<p>${'word '.repeat(500)}</p>`);
  const description = String(openGraph['og:description']);
  assert.ok(description.length <= descriptionCharactersMax + 1);
  assert.match(description, /word…$/);
});

test('where a document is cut into pieces makes no difference', async () => {
  const html =
    '<title>a&amp;b</title><meta property="og:type" content="x y"><p>On <b>e\u{1f600}</b>.';
  assert.deepEqual(await readHtml(html.split('')), await readHtml([html]));
});

describe('within its limits', () => {
  test('a title of a megabyte is left out, and no more of it kept than the limit', async () => {
    const facts = await readHtml([`<title>${'x'.repeat(1_000_000)}</title><p>text</p>`]);
    assert.ok((facts.title?.length ?? 0) <= 2 * titleCharactersMax);
    const { openGraph } = await described(`<title>${'x'.repeat(1_000_000)}</title><p>text</p>`);
    assert.deepEqual(openGraph, { 'og:description': 'text' });
  });

  test('a tag of a megabyte is left out', async () => {
    const long = 'x'.repeat(1_000_000);
    const html = `<meta property="og:title" content="${long}"><meta property="og:${long}" content="a">`;
    assert.deepEqual((await described(html)).openGraph, {});
  });

  test('what is nested beyond the limit is not read', async () => {
    const deep = '<div>'.repeat(depthMax + 1);
    const { openGraph } = await described(`<title>found</title>${deep}<p>lost</p>`);
    assert.deepEqual(openGraph, { 'og:title': 'found' });
    // What closes elements that were never opened costs a search for each of them.
    const { openGraph: same } = await described(
      `<title>found</title>${'<b>'.repeat(300_000)}${'</i>'.repeat(300_000)}`,
    );
    assert.deepEqual(same, { 'og:title': 'found' });
  });

  test('an element with more attributes than the limit ends the reading', async () => {
    const many = Array.from({ length: attributesMax + 1 }, (_, index) => `a${index}`).join(' ');
    const { openGraph } = await described(`<title>found</title><p ${many}>lost</p><p>lost</p>`);
    assert.deepEqual(openGraph, { 'og:title': 'found' });
  });

  test('more tags, pictures and elements than the limits are not kept', async () => {
    const tags = Array.from(
      { length: 1_000 },
      (_, index) => `<meta property=og:${index} content=a>`,
    );
    const facts = await readHtml([
      `${tags.join('')}${'<img src=a.png>'.repeat(200_000)}<p>lost</p>`,
    ]);
    assert.equal(facts.openGraph.size, metaTagsMax);
    assert.equal(facts.images.length, imagesMax);
    assert.deepEqual(facts.paragraphs, []);
  });
});

const piece = fc.oneof(
  fc.constantFrom(
    '<',
    '>',
    '</',
    '/>',
    '"',
    "'",
    '=',
    '&',
    ';',
    '<!--',
    '-->',
    '<![CDATA[',
    '<?',
    '<!',
  ),
  fc.constantFrom('<p>', '</p>', '<title>', '</title>', '<svg>', '<math>', '<script>', '</script>'),
  fc.constantFrom(
    '<form>',
    '<table><tr>',
    '<select><option>',
    '</br>',
    '<image>',
    '<template>',
    '&#0;',
  ),
  fc.constantFrom('<meta property="og:title" content=', '<img src=', '<link rel=alternate href='),
  fc.constantFrom('&#x110000;', '&amp', '&notit;', '\u0000', '\ud800', '\r\n', '<base href='),
  fc.string({ unit: 'binary', maxLength: 20 }),
);

test('whatever a document is, it is read without an error, and little is kept of it', async () => {
  const document = fc.array(piece, { maxLength: 200 }).map((pieces) => pieces.join(''));
  await fc.assert(
    fc.asyncProperty(document, fc.integer({ min: 1, max: 300 }), async (html, times) => {
      const long = html.repeat(times).slice(0, 300_000);
      assertBounded(await readHtml([long]));
      const { openGraph } = await described(html);
      assert.ok(JSON.stringify(openGraph).length < 200_000);
    }),
    { numRuns: 150, interruptAfterTimeLimit: 20_000 },
  );
});

function assertBounded(facts: PageFacts): void {
  assert.ok(facts.openGraph.size <= metaTagsMax && facts.twitter.size <= metaTagsMax);
  assert.ok(facts.images.length <= imagesMax && facts.embeds.length <= imagesMax);
  assert.ok(facts.paragraphs.join('').length <= textCharactersMax);
  assert.ok((facts.title?.length ?? 0) <= 2 * titleCharactersMax);
}
