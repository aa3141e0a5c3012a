import { convert, isMapping, listOf, object } from './schema/compounds.ts';
import { option } from './schema/option.ts';
import { flag, path } from './schema/scalars.ts';
import { INVALID } from './schema/site.ts';
import type { Read, Site } from './schema/site.ts';
import type { ValueType } from './schema/value-type.ts';

/** Where a site describes its pages. */
export interface OembedEndpoint {
  /** `{format}` in it stands for json or xml. */
  readonly url: string;
  /** The pages, with `*` for anything. */
  readonly schemes: readonly string[];
  readonly format: 'json' | 'xml';
}

/** Sites whose pages say little to whoever does not run their scripts. */
const BUILT_IN: readonly OembedEndpoint[] = [
  {
    url: 'https://publish.twitter.com/oembed',
    schemes: ['https://twitter.com/*/status/*', 'https://*.twitter.com/*/status/*'],
    format: 'json',
  },
  {
    url: 'https://publish.x.com/oembed',
    schemes: ['https://x.com/*/status/*', 'https://*.x.com/*/status/*'],
    format: 'json',
  },
  {
    url: 'https://www.youtube.com/oembed',
    schemes: [
      'https://www.youtube.com/watch*',
      'https://m.youtube.com/watch*',
      'https://www.youtube.com/shorts/*',
      'https://youtu.be/*',
    ],
    format: 'json',
  },
  {
    url: 'https://vimeo.com/api/oembed.json',
    schemes: ['https://vimeo.com/*'],
    format: 'json',
  },
];

export interface OembedConfig {
  readonly endpoints: readonly OembedEndpoint[];
}

const written = object({
  disableDefaultProviders: option({
    name: 'disable_default_providers',
    valueType: flag,
    default: false,
    description: 'Whether the sites that Soma knows are left out: X, YouTube and Vimeo.',
  }),
  additionalProviders: option({
    name: 'additional_providers',
    valueType: listOf(convert(path, readProviders)),
    default: [],
    description: 'Files with more sites, in the form of https://oembed.com/providers.json.',
  }),
});

export const oembedOptions: ValueType<OembedConfig> = convert(
  written,
  ({ disableDefaultProviders, additionalProviders }) => ({
    endpoints: [...(disableDefaultProviders ? [] : BUILT_IN), ...additionalProviders.flat()],
  }),
);

const PROVIDERS = 'a JSON file in the form of https://oembed.com/providers.json';

function readProviders(file: string, site: Site): Read<readonly OembedEndpoint[]> {
  const found = site.reporter.readFile(file);
  if ('failure' in found) return site.refuse(PROVIDERS, `${file}: ${found.failure}`);
  const providers = parseJson(found.content);
  if (!Array.isArray(providers)) return site.refuse(PROVIDERS, `${file}: no list in JSON`);
  const endpoints: OembedEndpoint[] = [];
  for (const provider of providers) {
    const read = readProvider(provider);
    if (typeof read === 'string') {
      site.refuse(PROVIDERS, `${file}: ${read}`);
      return INVALID;
    }
    endpoints.push(...read);
  }
  return endpoints;
}

/** The endpoints of a provider, or what is wrong with it. */
function readProvider(provider: unknown): OembedEndpoint[] | string {
  if (!isMapping(provider) || !Array.isArray(provider['endpoints'])) {
    return 'a provider without endpoints';
  }
  const endpoints: OembedEndpoint[] = [];
  for (const each of provider['endpoints']) {
    if (!isMapping(each)) return 'an endpoint that is no mapping';
    const { url, schemes = [], formats } = each;
    if (!isWebAddress(url)) return `the endpoint ${String(url)}`;
    if (!Array.isArray(schemes)) return `the schemes of ${url}`;
    const wrong = schemes.find((scheme) => !isWebAddress(scheme));
    if (wrong !== undefined) return `the scheme ${String(wrong)}`;
    const isXml = Array.isArray(formats) ? !formats.includes('json') : url.endsWith('.xml');
    endpoints.push({ url, schemes: schemes.filter(isWebAddress), format: isXml ? 'xml' : 'json' });
  }
  return endpoints;
}

/** Loosely: a scheme may have a `*` where an address has none. */
function isWebAddress(value: unknown): value is string {
  return typeof value === 'string' && /^https?:\/\/[^/?#\s]+(?:[/?#]|$)/.test(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
