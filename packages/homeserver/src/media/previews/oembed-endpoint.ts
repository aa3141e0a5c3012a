import type { OembedEndpoint } from '../../config/config.ts';

export interface OembedAddress {
  readonly url: string;
  readonly format: 'json' | 'xml';
}

/** Where a page's site describes it; undefined if the site is not known. */
export type FindOembed = (page: URL) => OembedAddress | undefined;

export function oembedEndpoints(endpoints: readonly OembedEndpoint[]): FindOembed {
  const compiled = endpoints.map((endpoint) => ({
    endpoint,
    matchers: endpoint.schemes.map(schemeMatcher),
  }));
  return (page) => {
    const found = compiled.find(({ matchers }) => matchers.some((matches) => matches(page)));
    return found === undefined ? undefined : addressFor(found.endpoint, page);
  };
}

function addressFor({ url, format }: OembedEndpoint, page: URL): OembedAddress {
  const address = new URL(url.replaceAll('{format}', format));
  address.searchParams.set('url', page.href);
  // Some take it here, some in the path.
  address.searchParams.set('format', format);
  return { url: address.href, format };
}

/** A star in the host stands for a part of a name, anywhere else for one character or more. */
function schemeMatcher(scheme: string): (page: URL) => boolean {
  const [, protocol = '', host = '', rest = ''] = /^(https?:)\/\/([^/?#]+)(.*)$/.exec(scheme) ?? [];
  const hostExpression = new RegExp(
    `^${host
      .toLowerCase()
      .replaceAll('.', String.raw`\.`)
      .replaceAll('*', '[a-z0-9_-]+')}$`,
  );
  const pieces = (rest === '' ? '/' : rest).split('*');
  return (page) =>
    page.protocol === protocol &&
    hostExpression.test(page.host) &&
    matchesPieces(page.pathname + page.search + page.hash, pieces);
}

/** In time that is linear in the text, whatever the number of stars. */
function matchesPieces(text: string, pieces: readonly string[]): boolean {
  const [first = '', ...others] = pieces;
  const last = others.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const piece of others) {
    const found = text.indexOf(piece, at + 1);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return text.endsWith(last) && text.length - last.length > at;
}
