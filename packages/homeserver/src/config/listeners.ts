import { anyMapping, convert, expecting, listOf, object } from './schema/compounds.ts';
import { option } from './schema/option.ts';
import { flag, integer, oneOf, path, text } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import { INVALID, formatPath } from './schema/site.ts';
import type { Read, Site } from './schema/site.ts';
import type { ValueType } from './schema/value-type.ts';

export interface ListenerConfig {
  /** 0 takes a free one; meaningless beside `unixSocket`. */
  readonly port: number;
  /** Empty beside `unixSocket`. */
  readonly bindAddresses: readonly string[];
  readonly unixSocket: UnixSocketConfig | undefined;
  /** The name of the listener in the log. */
  readonly tag: string | undefined;
  readonly tls: boolean;
  /** Whether the client's address is taken from `X-Forwarded-For`. */
  readonly xForwarded: boolean;
  /** In lower case. */
  readonly requestIdHeader: string | undefined;
  readonly resources: readonly ResourceName[];
}

export interface UnixSocketConfig {
  readonly path: string;
  readonly mode: number;
}

export type ListenersConfig = readonly ListenerConfig[];
export type ResourceName = (typeof RESOURCE_NAMES)[number];

const RESOURCE_NAMES = [
  'client',
  'consent',
  'federation',
  'health',
  'keys',
  'media',
  'metrics',
  'openid',
  'replication',
  'static',
  'webclient',
] as const;

const DEFAULT_BIND_ADDRESSES = ['::', '0.0.0.0'];
const DEFAULT_SOCKET_MODE = 0o666;
const PORT = integer(0, 65_535, 'a port number');

const resourceFields = object({
  names: option({
    name: 'names',
    valueType: listOf(oneOf(RESOURCE_NAMES)),
    default: [],
    description:
      'What to serve: `client` (the client-server API, with media and `/_synapse`), `federation`, ' +
      '`keys`, `media`, `metrics`, `health`; the other names are accepted.',
    example: ['client', 'federation'],
  }),
  compress: option({
    name: 'compress',
    valueType: flag,
    default: false,
    description: 'Accepted, without effect: compressing is left to the reverse proxy.',
  }),
});

const listenerFields = object({
  port: option({
    name: 'port',
    valueType: PORT,
    description: 'The TCP port; 0 takes a free one.',
    example: 8008,
  }),
  bindAddresses: option({
    name: 'bind_addresses',
    valueType: listOf(text('an IP address or a host name')),
    description: 'The addresses to listen on; all of the machine when it is left out.',
    example: ['::1', '127.0.0.1'],
  }),
  bindAddress: option({
    name: 'bind_address',
    valueType: text('an IP address or a host name'),
    description: 'One more address to listen on: the older form of `bind_addresses`.',
  }),
  path: option({
    name: 'path',
    valueType: path,
    description: 'A unix socket to listen on, in place of a port.',
    example: '/run/soma/main.sock',
  }),
  mode: option({
    name: 'mode',
    valueType: integer(0, 0o777, 'the permission bits of the socket, a number'),
    default: DEFAULT_SOCKET_MODE,
    description: 'The permission bits of the unix socket; 0666 in the file is 438.',
  }),
  type: option({
    name: 'type',
    valueType: oneOf(['http', 'metrics', 'manhole']),
    required: true,
    description:
      '`http`, or `metrics` for a listener that serves the metrics alone. A `manhole` is accepted ' +
      'and not opened: it is a Python shell.',
    example: 'http',
  }),
  tag: option({
    name: 'tag',
    valueType: text('a name'),
    description: 'The name of the listener in the log.',
  }),
  tls: option({
    name: 'tls',
    valueType: flag,
    default: false,
    description: 'Whether the listener speaks TLS, with `tls_certificate_path`.',
  }),
  xForwarded: option({
    name: 'x_forwarded',
    valueType: flag,
    default: false,
    description:
      'Whether the address of the client is taken from `X-Forwarded-For`. Set it behind a reverse ' +
      'proxy, and only there.',
  }),
  requestIdHeader: option({
    name: 'request_id_header',
    valueType: text('the name of a header', (name) => /^[A-Za-z0-9-]+$/.test(name)),
    description: 'The header in which the reverse proxy gives a request its id, for the log.',
    example: 'X-Request-ID',
  }),
  resources: option({
    name: 'resources',
    valueType: listOf(resourceFields),
    default: [],
    description: 'What an `http` listener serves.',
    example: [{ names: ['client', 'federation'] }],
  }),
  additionalResources: option({
    name: 'additional_resources',
    valueType: anyMapping,
    description: 'Accepted and not served: these are Python modules.',
  }),
});

const listener = convert(expecting('a listener', listenerFields), finishListener);

export const listenersSection = section(
  'Listeners',
  {
    listeners: option({
      name: 'listeners',
      valueType: listOf(listener, 1),
      default: [
        {
          port: 8008,
          bind_addresses: ['127.0.0.1', '::1'],
          type: 'http',
          resources: [{ names: ['client', 'federation'] }],
        },
      ],
      description: 'The ports and sockets to listen on, and what each of them serves.',
      example: [
        {
          port: 8008,
          bind_addresses: ['::1', '127.0.0.1'],
          type: 'http',
          x_forwarded: true,
          resources: [{ names: ['client', 'federation'], compress: false }],
        },
      ],
      differs: 'When it is left out, Soma listens on port 8008 of this machine alone.',
    }),
  },
  (values) => values.listeners.filter((entry) => entry !== undefined),
);

type ListenerFields = typeof listenerFields extends ValueType<infer T> ? T : never;

/** Undefined for a listener that Soma accepts and does not open. */
function finishListener(fields: ListenerFields, site: Site): Read<ListenerConfig | undefined> {
  const { type, tag, tls, xForwarded, requestIdHeader, resources } = fields;
  const place = listenerPlace(fields, site);
  if (place === INVALID) return INVALID;
  const warn = (what: string): void => site.reporter.warning(`${formatPath(site.path)}: ${what}`);
  if (fields.additionalResources !== undefined) {
    warn('additional_resources are Python modules and are not served.');
  }
  if (type === 'manhole') {
    warn('a manhole is a Python shell; this listener is not opened.');
    return undefined;
  }
  return {
    ...place,
    tag,
    tls,
    xForwarded,
    requestIdHeader: requestIdHeader?.toLowerCase(),
    resources: type === 'metrics' ? ['metrics'] : resources.flatMap(({ names }) => names),
  };
}

type Place = Pick<ListenerConfig, 'port' | 'bindAddresses' | 'unixSocket'>;

function listenerPlace(fields: ListenerFields, site: Site): Read<Place> {
  const { port, bindAddress, bindAddresses, path: socketPath, mode } = fields;
  if (port !== undefined && socketPath !== undefined) {
    return site.child('path').refuse('either a port or a path', 'both');
  }
  if (socketPath !== undefined) {
    return { port: 0, bindAddresses: [], unixSocket: { path: socketPath, mode } };
  }
  if (port === undefined) {
    return site.child('port').refuse(PORT.expected, 'neither a port nor a path');
  }
  const addresses = [...(bindAddresses ?? []), ...(bindAddress === undefined ? [] : [bindAddress])];
  return {
    port,
    bindAddresses: addresses.length === 0 ? DEFAULT_BIND_ADDRESSES : [...new Set(addresses)],
    unixSocket: undefined,
  };
}
