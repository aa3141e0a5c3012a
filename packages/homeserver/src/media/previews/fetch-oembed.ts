import { MatrixError } from '../../errors/matrix-error.ts';
import { describeOembed } from './describe-oembed.ts';
import type { OembedDescription } from './describe-oembed.ts';
import { fetchResource } from './fetch-resource.ts';
import { oembedBytesMax } from './limits.ts';
import type { OembedAddress } from './oembed-endpoint.ts';
import type { UrlPreviews } from './url-previews.ts';

export interface OembedRequest extends OembedAddress {
  /** The page that is described. */
  readonly page: URL;
  readonly signal: AbortSignal;
}

/** What a site says of its page; undefined if it says nothing that can be used. */
export async function fetchOembed(
  previews: UrlPreviews,
  { url: address, format, page, signal }: OembedRequest,
): Promise<OembedDescription | undefined> {
  const url = new URL(address);
  try {
    const answer = await fetchResource(previews, {
      url,
      accept: format === 'json' ? 'application/json' : 'text/xml, application/xml',
      bytesMax: Math.min(oembedBytesMax, previews.config.bytesMax),
      signal,
    });
    const type = /\b(json|xml)\b/.exec(answer.contentType)?.[1];
    // Descriptions are UTF-8, whatever else they say.
    const text = new TextDecoder().decode(await answer.bytes());
    return await describeOembed(text, type === 'xml' || type === 'json' ? type : format, page.href);
  } catch (error) {
    if (!(error instanceof MatrixError)) throw error;
    previews.logger.debug({ err: error }, 'a page is previewed without its oEmbed description');
    return undefined;
  }
}
