import { convert, expecting, listOf, object } from './schema/compounds.ts';
import { option } from './schema/option.ts';
import type { OptionMap } from './schema/read-options.ts';
import { flag, secret, text } from './schema/scalars.ts';
import { INVALID, describeFound, Site } from './schema/site.ts';
import type { Read } from './schema/site.ts';
import type { ValueType } from './schema/value-type.ts';

/** Names that an application service is interested in. */
export interface Namespace {
  /** Whether nobody else may make what has such a name. */
  readonly isExclusive: boolean;
  /** Anchored at the beginning alone, as with Synapse. */
  readonly pattern: RegExp;
}

/** A registration file (Application Service API, "Registration"). */
export interface ApplicationServiceConfig {
  readonly id: string;
  /** Without a slash at its end. Undefined: the service is told nothing. */
  readonly url: string | undefined;
  readonly asToken: string;
  readonly hsToken: string;
  readonly senderLocalpart: string;
  readonly users: readonly Namespace[];
  readonly aliases: readonly Namespace[];
  readonly rooms: readonly Namespace[];
  readonly protocols: readonly string[];
  readonly isRateLimited: boolean;
  readonly receivesEphemeral: boolean;
  /** MSC3202: device lists and the numbers of one-time keys. */
  readonly receivesDevices: boolean;
}

/** Bounds what compiling and matching cost; the names that are matched have at most 255 bytes. */
const REGEX_LENGTH_MAX = 1_000;

const REGEX = `a regular expression of at most ${REGEX_LENGTH_MAX} characters`;

const regex: ValueType<RegExp> = convert(text(REGEX), (written, site) => {
  // What Python and Go write differently.
  const source = written.replaceAll('(?P<', '(?<').replaceAll(/(?<!\\)((?:\\\\)*)\\Z/g, '$1$');
  if (source.length > REGEX_LENGTH_MAX) return site.refuse(REGEX, `one of ${source.length}`);
  try {
    return new RegExp(`^(?:${source})`);
  } catch {
    return site.refuse(REGEX, describeFound(written));
  }
});

const described = (name: string) => ({ name, description: '' });

const namespaces = listOf(
  convert(
    object({
      exclusive: option({ ...described('exclusive'), valueType: flag, required: true }),
      regex: option({ ...described('regex'), valueType: regex, required: true }),
    }),
    ({ exclusive, regex: pattern }): Namespace => ({ isExclusive: exclusive, pattern }),
  ),
);

const URL_OR_NULL = 'an http:// or https:// URL, or null';

const fields = {
  id: option({ ...described('id'), valueType: text(), required: true }),
  asToken: option({ ...described('as_token'), valueType: secret, required: true }),
  hsToken: option({ ...described('hs_token'), valueType: secret, required: true }),
  senderLocalpart: option({ ...described('sender_localpart'), valueType: text(), required: true }),
  url: option({ ...described('url'), valueType: text(URL_OR_NULL, isHttpUrl) }),
  namespaces: option({
    ...described('namespaces'),
    valueType: object({
      users: option({ ...described('users'), valueType: namespaces, default: [] }),
      aliases: option({ ...described('aliases'), valueType: namespaces, default: [] }),
      rooms: option({ ...described('rooms'), valueType: namespaces, default: [] }),
    }),
    default: {},
  }),
  protocols: option({ ...described('protocols'), valueType: listOf(text()), default: [] }),
  rateLimited: option({ ...described('rate_limited'), valueType: flag, default: true }),
  receiveEphemeral: option({ ...described('receive_ephemeral'), valueType: flag, default: false }),
  pushEphemeral: option({
    ...described('de.sorunome.msc2409.push_ephemeral'),
    valueType: flag,
    default: false,
  }),
  msc3202: option({ ...described('org.matrix.msc3202'), valueType: flag, default: false }),
} satisfies OptionMap;

const registration = expecting('a registration file of an application service', object(fields));

/** Reads a registration file. Problems are reported at their place in it; keys of the bridges' own stay unread. */
export function readApplicationServiceFile(
  file: string,
  site: Site,
): Read<ApplicationServiceConfig> {
  const found = site.reporter.readYaml(file);
  if ('failure' in found) return site.refuse(registration.expected, `${file}: ${found.failure}`);
  const { mapping } = found;
  const place = new Site({ ...found.reporter, unread: () => undefined }, []);
  if (!Object.hasOwn(mapping, 'url')) {
    return place.child('url').refuse(URL_OR_NULL, 'nothing: it is required');
  }
  const read = registration.read(mapping, place);
  if (read === INVALID) return INVALID;
  const { users, aliases, rooms } = read.namespaces;
  return {
    id: read.id,
    url: read.url?.replace(/\/+$/, ''),
    asToken: read.asToken,
    hsToken: read.hsToken,
    senderLocalpart: read.senderLocalpart,
    users,
    aliases,
    rooms,
    protocols: read.protocols,
    isRateLimited: read.rateLimited,
    receivesEphemeral: read.receiveEphemeral || read.pushEphemeral,
    receivesDevices: read.msc3202,
  };
}

function isHttpUrl(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && ['http:', 'https:'].includes(url.protocol) && url.username === '';
}
