import { attachImage, storeImage } from './attach-image.ts';
import type { AttachedImage } from './attach-image.ts';
import { decodeText } from './decode-text.ts';
import type { OembedDescription } from './describe-oembed.ts';
import { fetchOembed } from './fetch-oembed.ts';
import { badGateway, fetchResource } from './fetch-resource.ts';
import type { Resource } from './fetch-resource.ts';
import { fileNameOf } from './file-name.ts';
import { boundedLifetimeMs, lifetimeMsOf } from './lifetime.ts';
import { etagCharactersMax, lifetimeMsMin } from './limits.ts';
import { describedByContent, describedByTags, withinLimits } from './open-graph.ts';
import type { OpenGraph } from './open-graph.ts';
import { readHtml } from './read-html.ts';
import type { StoredPreview } from './url-preview-store.ts';
import type { UrlPreviews } from './url-previews.ts';

export interface BuiltPreview extends Pick<StoredPreview, 'json' | 'image' | 'etag'> {
  readonly lifetimeMs: number;
}

/** What a preview is made for. */
interface Subject {
  readonly previews: UrlPreviews;
  readonly url: URL;
  readonly signal: AbortSignal;
}

/**
 * Fetches a page and what it points to, and says what is there, which may be what it was the `last` time. What the
 * page points to may fail: the preview then says less. Throws a MatrixError if the page itself cannot be had.
 */
export async function buildPreview(
  previews: UrlPreviews,
  url: URL,
  last: StoredPreview | undefined,
  signal: AbortSignal,
): Promise<BuiltPreview> {
  const subject = { previews, url, signal };
  const known = previews.findOembed(url);
  const described =
    known === undefined ? undefined : await fetchOembed(previews, { ...known, page: url, signal });
  if (described !== undefined) return ofOembed(subject, described);
  const page = await fetchResource(previews, { url, accept: PAGE, etag: last?.etag, signal });
  if (page.isUnchanged && last !== undefined) {
    page.discard();
    return { ...last, lifetimeMs: cachingOf(previews, page).lifetimeMs };
  }
  if (page.contentType.startsWith('image/')) return ofImage(subject, page);
  if (/^(?:text\/html|application\/xhtml)/.test(page.contentType)) return ofHtml(subject, page);
  page.discard();
  if (!page.contentType.startsWith('application/json')) {
    throw badGateway(`What is at the address is of the type ${page.contentType.slice(0, 100)}`);
  }
  return { json: '{}', image: undefined, ...cachingOf(previews, page) };
}

const PAGE = 'text/html, application/xhtml+xml, image/*;q=0.9, application/json;q=0.5, */*;q=0.1';

async function ofOembed(subject: Subject, described: OembedDescription): Promise<BuiltPreview> {
  const { previews, url, signal } = subject;
  const { openGraph, authorName, lifetimeMs = lifetimeMsMin } = described;
  const image = await attachImage(previews, { address: described.image, base: url, signal });
  return {
    json: jsonOf(titled(openGraph, authorName), image),
    image: image?.mxc,
    lifetimeMs: boundedLifetimeMs(lifetimeMs),
    etag: undefined,
  };
}

async function ofImage({ previews }: Subject, picture: Resource): Promise<BuiltPreview> {
  const caching = cachingOf(previews, picture);
  const fileName = fileNameOf(picture.header('content-disposition'));
  const image = await storeImage(previews, picture);
  const properties: OpenGraph =
    fileName === undefined || image === undefined ? {} : { 'og:description': fileName };
  return {
    json: jsonOf(properties, image),
    image: image?.mxc,
    ...caching,
  };
}

async function ofHtml({ previews, url, signal }: Subject, page: Resource): Promise<BuiltPreview> {
  const { lifetimeMs, etag } = cachingOf(previews, page);
  const facts = await readHtml(decodeText(await page.bytes(), page.contentType));
  const base = baseOf(facts.base, page.url);
  const { oembedLinks } = facts;
  const link = oembedLinks.find(({ format }) => format === 'json') ?? oembedLinks[0];
  const oembedUrl = link === undefined ? null : URL.parse(link.href, base.href);
  const described =
    link === undefined || oembedUrl === null
      ? undefined
      : await fetchOembed(previews, {
          url: oembedUrl.href,
          format: link.format,
          page: url,
          signal,
        });
  const tags = describedByTags(facts);
  const content = describedByContent(facts);
  // What a page says in its tags is meant for previews; oEmbed is often a stub, and content is a guess.
  const openGraph = { ...content.openGraph, ...described?.openGraph, ...tags.openGraph };
  const address = tags.image ?? described?.image ?? content.image;
  const image = await attachImage(previews, { address, base, signal });
  const isOfPageAlone =
    described === undefined && (address === undefined) === (image === undefined);
  return {
    json: jsonOf(titled(openGraph, described?.authorName), image),
    image: image?.mxc,
    lifetimeMs: boundedLifetimeMs(described?.lifetimeMs ?? lifetimeMs),
    etag: isOfPageAlone ? etag : undefined,
  };
}

function jsonOf(openGraph: OpenGraph, image: AttachedImage | undefined): string {
  return JSON.stringify({ ...withinLimits(openGraph), ...image?.properties });
}

function titled(openGraph: OpenGraph, authorName: string | undefined): OpenGraph {
  const hasTitle = (openGraph['og:title'] ?? '') !== '';
  return hasTitle || authorName === undefined
    ? openGraph
    : { ...openGraph, 'og:title': authorName };
}

function baseOf(base: string | undefined, page: URL): URL {
  return (base === undefined ? null : URL.parse(base, page.href)) ?? page;
}

function cachingOf(
  { now }: UrlPreviews,
  { header }: Resource,
): Pick<BuiltPreview, 'lifetimeMs' | 'etag'> {
  return { lifetimeMs: lifetimeMsOf(header, now()), etag: soundEtag(header('etag')) };
}

/** Undefined for what is none (RFC 9110, 8.8.3), or too long to be kept. */
function soundEtag(etag: string | undefined): string | undefined {
  return etag !== undefined && ETAG.test(etag) ? etag : undefined;
}

const ETAG = new RegExp(String.raw`^(?:W/)?"[!#-~]{0,${etagCharactersMax}}"$`);
