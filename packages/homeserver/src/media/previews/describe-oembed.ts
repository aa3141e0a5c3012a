import { decodeEntities } from './decode-entities.ts';
import { oembedFields } from './oembed-fields.ts';
import type { Description, OpenGraph } from './open-graph.ts';
import { describedByContent } from './open-graph.ts';
import { readHtml } from './read-html.ts';

/** What a site says of one of its pages. */
export interface OembedDescription extends Description {
  readonly authorName: string | undefined;
  /** How long it is good for, if it says. */
  readonly lifetimeMs: number | undefined;
}

/** Reads an oEmbed description of the page at `pageUrl`; undefined if it is none. */
export async function describeOembed(
  text: string,
  format: 'json' | 'xml',
  pageUrl: string,
): Promise<OembedDescription | undefined> {
  const fields = oembedFields(text, format);
  if (fields === undefined) return undefined;
  const textOf = (name: string): string | undefined => nonEmpty(fields.get(name));
  const type = textOf('type');
  const markup = type === 'rich' || type === 'video' ? textOf('html') : undefined;
  const seen = markup === undefined ? undefined : await readHtml([markup]);
  const content = seen === undefined ? undefined : describedByContent(seen);
  const title = textOf('title');
  const siteName = textOf('provider_name');
  const description = content?.openGraph['og:description'];
  const [film] = seen?.embeds ?? [];
  const openGraph: OpenGraph = {
    'og:url': pageUrl,
    // A common plug-in of WordPress escapes what needs no escape.
    ...(title === undefined ? {} : { 'og:title': decodeEntities(title) }),
    ...(siteName === undefined ? {} : { 'og:site_name': siteName }),
    ...(description === undefined ? {} : { 'og:description': description }),
    ...typeOf(type),
    ...(film === undefined ? {} : { 'og:video': film }),
    ...(type === 'video' ? sizeOf(fields) : {}),
  };
  return {
    openGraph,
    image:
      (type === 'photo' ? textOf('url') : undefined) ?? textOf('thumbnail_url') ?? content?.image,
    authorName: textOf('author_name'),
    lifetimeMs: secondsOf(fields.get('cache_age')),
  };
}

function typeOf(type: string | undefined): OpenGraph {
  if (type === 'video') return { 'og:type': 'video.other' };
  return type === 'link' ? { 'og:type': 'website' } : {};
}

function sizeOf(fields: ReadonlyMap<string, unknown>): OpenGraph {
  const size: Record<string, number> = {};
  for (const name of ['width', 'height']) {
    const value = wholeNumber(fields.get(name));
    if (value !== undefined) size[`og:video:${name}`] = value;
  }
  return size;
}

function secondsOf(value: unknown): number | undefined {
  const seconds = wholeNumber(value);
  return seconds === undefined ? undefined : seconds * 1000;
}

/** Numbers are texts in XML, and often in JSON too. */
function wholeNumber(value: unknown): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  return /^\s*\d{1,9}\s*$/.test(String(value)) ? Number(value) : undefined;
}

function nonEmpty(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}
