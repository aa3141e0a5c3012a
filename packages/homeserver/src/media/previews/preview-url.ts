import { hash } from 'node:crypto';

import { invalidParam, MatrixError } from '../../errors/matrix-error.ts';
import { write } from '../../storage/database.ts';
import { blocked } from './fetch-resource.ts';
import { failureMs, previewMsMax } from './limits.ts';
import { revalidatedAfterExpiryMs, urlLengthMax } from './limits.ts';
import { insertPreviewStatement, readPreview } from './url-preview-store.ts';
import type { UrlPreviews } from './url-previews.ts';

/**
 * What is at an address, as JSON of its OpenGraph properties: as it was at `ts` if that is known, else as it is now.
 * Throws a MatrixError: 400 for what is no address of a page, 403 M_UNKNOWN for one that is blocked, 502 for one that
 * cannot be fetched, 429 if too many others are waiting.
 */
export async function previewUrl(
  previews: UrlPreviews,
  text: string,
  ts: number | undefined,
): Promise<string> {
  const url = pageUrl(previews, text);
  const nowMs = previews.now();
  const atMs = Math.min(ts ?? nowMs, nowMs);
  const known = await readPreview(previews.database.reader, hashOf(url), atMs);
  return known !== undefined && known.expiresTs > atMs ? known.json : shared(previews, url);
}

function pageUrl({ isUrlBlocked }: UrlPreviews, text: string): URL {
  const url = text.length > urlLengthMax ? null : URL.parse(text);
  if (url === null) throw invalidParam('The query parameter url must be an address');
  if (isUrlBlocked(url)) throw blocked();
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw invalidParam('Only http:// and https:// addresses are previewed');
  }
  if (url.username !== '' || url.password !== '') {
    throw invalidParam('An address with a user name or a password is not previewed');
  }
  // It leads to another place on the same page.
  url.hash = '';
  return url;
}

/** One request to a page, however many ask for it; a failure counts for those who ask soon after. */
function shared(previews: UrlPreviews, url: URL): Promise<string> {
  const { underWay, failures, turns } = previews;
  const running = underWay.get(url.href);
  if (running !== undefined) return running;
  const failure = failures.get(url.href);
  if (failure !== undefined && failure.untilMs > previews.now()) throw failure.error;
  const started = turns
    .run(() => remembered(previews, url))
    .finally(() => underWay.delete(url.href));
  underWay.set(url.href, started);
  return started;
}

async function remembered(previews: UrlPreviews, url: URL): Promise<string> {
  try {
    return await renewed(previews, url);
  } catch (error) {
    if (error instanceof MatrixError) {
      previews.failures.set(url.href, { error, untilMs: previews.now() + failureMs });
    }
    throw error;
  }
}

async function renewed(previews: UrlPreviews, url: URL): Promise<string> {
  const { database, now } = previews;
  const urlHash = hashOf(url);
  const askedMs = now();
  const last = await readPreview(database.reader, urlHash, askedMs);
  // Fetched after the time that was asked about, or by somebody else in the meantime.
  if (last !== undefined && last.expiresTs > askedMs) return last.json;
  const isRecent = last !== undefined && last.expiresTs + revalidatedAfterExpiryMs > askedMs;
  const signal = AbortSignal.timeout(previewMsMax);
  // Loaded with the first link, since the parser of pages takes memory that many servers never need.
  const { buildPreview } = await import('./build-preview.ts');
  const built = await buildPreview(previews, url, isRecent ? last : undefined, signal);
  const { json, image, etag, lifetimeMs } = built;
  const fetchedTs = now();
  const preview = { fetchedTs, expiresTs: fetchedTs + lifetimeMs, etag, image, json };
  await write(database, {
    statements: [insertPreviewStatement(urlHash, preview)],
    positions: 0,
  });
  return json;
}

function hashOf(url: URL): Uint8Array {
  return hash('sha256', url.href, 'buffer');
}
