import { oembedOptions } from './oembed.ts';
import { listOf } from './schema/compounds.ts';
import { ipRange } from './schema/ip-range.ts';
import { option } from './schema/option.ts';
import { flag, text } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';
import { INVALID } from './schema/site.ts';
import { size } from './schema/units.ts';
import { urlRule } from './url-rule.ts';

export type UrlPreviewsConfig = SectionValue<typeof urlPreviewsSection>;

const LANGUAGE = /^[A-Za-z0-9*-]{1,32}(?:;q=[01](?:\.\d{1,3})?)?$/;

export const urlPreviewsSection = section(
  'URL previews',
  {
    enabled: option({
      name: 'url_preview_enabled',
      valueType: flag,
      default: false,
      description:
        'Whether the server looks at the pages that users link to. It needs ' +
        '`url_preview_ip_range_blacklist`.',
    }),
    ipRangeBlacklist: option({
      name: 'url_preview_ip_range_blacklist',
      valueType: listOf(ipRange),
      description:
        'Addresses that no preview is fetched from; required when previews are enabled. IPv6 forms ' +
        'of an IPv4 range (mapped, 6to4, NAT64) are part of it. `0.0.0.0` and `::` always are.',
      example: ['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '::1/128'],
    }),
    ipRangeWhitelist: option({
      name: 'url_preview_ip_range_whitelist',
      valueType: listOf(ipRange),
      default: [],
      description: 'Addresses that previews are fetched from although the blacklist has them.',
      example: ['192.168.1.1'],
    }),
    urlRules: option({
      name: 'url_preview_url_blacklist',
      valueType: listOf(urlRule),
      default: [],
      description:
        'Addresses that are not previewed. An entry matches when all of its parts do: `scheme`, ' +
        '`netloc`, `hostname`, `port`, `username`, `password`, `path`, `query`, `fragment`, each a ' +
        'glob, or a regular expression if it begins with `^`.',
      differs:
        'The address is brought into its normal form first, so another spelling of it ' +
        '(`http://0x7f.1`, `:443` after https) is blocked too. A regular expression is one of ' +
        'JavaScript, in which named groups and `\\Z` of Python are understood.',
      example: [{ username: '*' }, { netloc: '*.google.com' }, { netloc: 'acme.com', path: '/x*' }],
    }),
    bytesMax: option({
      name: 'max_spider_size',
      valueType: size,
      default: '10M',
      description: 'The largest page or picture that is fetched for a preview.',
    }),
    acceptLanguage: option({
      name: 'url_preview_accept_language',
      valueType: listOf(
        text('a language, such as en or fr;q=0.8', (each) => LANGUAGE.test(each)),
        1,
      ),
      default: ['en'],
      description: 'The languages that pages are asked for, best first.',
      example: ['en-UK', 'en-US;q=0.9', 'fr;q=0.8', '*;q=0.7'],
    }),
    oembed: option({
      name: 'oembed',
      valueType: oembedOptions,
      default: {},
      description: 'Sites that describe their pages by oEmbed (oembed.com).',
      example: { disable_default_providers: true },
    }),
  },
  (values, siteOf) => {
    const { ipRangeBlacklist } = values;
    if (values.enabled && ipRangeBlacklist === undefined) {
      siteOf('url_preview_ip_range_blacklist').refuse(
        'a list of addresses and ranges, because url_preview_enabled is true',
        'nothing',
      );
      return INVALID;
    }
    return { ...values, ipRangeBlacklist: ipRangeBlacklist ?? [] };
  },
);
