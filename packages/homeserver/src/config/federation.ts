import { convert, listOf, object } from './schema/compounds.ts';
import { ipRange } from './schema/ip-range.ts';
import { option } from './schema/option.ts';
import { flag, integer, number, path, text } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';
import { duration } from './schema/units.ts';
import type { ValueType } from './schema/value-type.ts';

export type FederationConfig = SectionValue<typeof federationSection>;

type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

const TLS_VERSIONS: Readonly<Record<string, TlsVersion>> = {
  '1': 'TLSv1',
  '1.1': 'TLSv1.1',
  '1.2': 'TLSv1.2',
  '1.3': 'TLSv1.3',
};
const TLS_VERSION = 'a TLS version: 1, 1.1, 1.2 or 1.3';

// YAML reads 1.2 as a number and "1.2" as a text; both are meant.
const tlsVersion: ValueType<TlsVersion> = {
  expected: TLS_VERSION,
  jsonSchema: { enum: ['1', '1.1', '1.2', '1.3', 1, 1.1, 1.2, 1.3] },
  read: (value, site) => TLS_VERSIONS[String(value)] ?? site.refuse(TLS_VERSION, String(value)),
};

const caFiles = convert(listOf(path), (files, site) =>
  files.length === 0 ? site.refuse('a list of files with certificates', 'an empty list') : files,
);

const requestFields = object({
  clientTimeoutMs: option({
    name: 'client_timeout',
    valueType: duration,
    default: '60s',
    description: 'How long another server may take to answer a request.',
  }),
  shortRetryDelayMsMax: option({
    name: 'max_short_retry_delay',
    valueType: duration,
    default: '2s',
    description: 'The longest pause before a request that somebody waits for is tried again.',
  }),
  longRetryDelayMsMax: option({
    name: 'max_long_retry_delay',
    valueType: duration,
    default: '60s',
    description: 'The longest pause before a request in the background is tried again.',
  }),
  shortRetries: option({
    name: 'max_short_retries',
    valueType: integer(0),
    default: 3,
    description: 'How often a request that somebody waits for is tried again.',
  }),
  longRetries: option({
    name: 'max_long_retries',
    valueType: integer(0),
    default: 10,
    description: 'How often a request in the background is tried again.',
  }),
  destinationRetryIntervalMsMin: option({
    name: 'destination_min_retry_interval',
    valueType: duration,
    default: '10m',
    description: 'How long a server is left alone after the first failure.',
  }),
  destinationRetryMultiplier: option({
    name: 'destination_retry_multiplier',
    valueType: number(1),
    default: 2,
    description: 'What that time is multiplied by at each further failure.',
  }),
  destinationRetryIntervalMsMax: option({
    name: 'destination_max_retry_interval',
    valueType: duration,
    default: '1w',
    description: 'The longest time that a server is left alone.',
  }),
});

export const federationSection = section(
  'Federation',
  {
    domainWhitelist: option({
      name: 'federation_domain_whitelist',
      valueType: listOf(text('a server name')),
      description:
        'The only servers that requests go to and come from; all servers when it is left out, none ' +
        'with an empty list.',
      example: ['lon.example.com', 'nyc.example.com'],
    }),
    allowProfileLookup: option({
      name: 'allow_profile_lookup_over_federation',
      valueType: flag,
      default: true,
      description: 'Whether other servers may ask for the profiles of users.',
    }),
    allowDeviceNameLookup: option({
      name: 'allow_device_name_lookup_over_federation',
      valueType: flag,
      default: false,
      description: "Whether other servers are told the names of users' devices.",
    }),
    ipRangeBlacklist: option({
      name: 'federation_ip_range_blacklist',
      valueType: listOf(ipRange),
      description:
        'The older form of `ip_range_blacklist`: where it is set, it holds for other homeservers in ' +
        'place of `ip_range_blacklist` and `ip_range_whitelist`.',
    }),
    verifyCertificates: option({
      name: 'federation_verify_certificates',
      valueType: flag,
      default: true,
      description: 'Whether the TLS certificates of other servers are checked.',
    }),
    clientMinimumTlsVersion: option({
      name: 'federation_client_minimum_tls_version',
      valueType: tlsVersion,
      default: '1',
      description: 'The oldest version of TLS that is spoken with other servers.',
    }),
    certificateVerificationWhitelist: option({
      name: 'federation_certificate_verification_whitelist',
      valueType: listOf(text('a host name, in which * stands for anything')),
      default: [],
      description: 'Hosts whose certificates are not checked.',
      example: ['lon.example.com', '*.domain.example'],
    }),
    customCaFiles: option({
      name: 'federation_custom_ca_list',
      valueType: caFiles,
      description:
        "Files with the certificate authorities that other servers' certificates are checked with, " +
        'in place of the usual ones.',
      example: ['myCA1.pem', 'myCA2.pem'],
    }),
    receiptTransactionsPerSecond: option({
      name: 'federation_rr_transactions_per_room_per_second',
      valueType: integer(1),
      default: 50,
      description:
        'How many transactions that bring nothing but receipts are sent for one room in a second; receipts in ' +
        'between go together.',
    }),
    requests: option({
      name: 'federation',
      valueType: requestFields,
      default: {},
      description: 'How long to wait for other servers, and how soon to try again.',
      example: { client_timeout: '180s', destination_min_retry_interval: '30s' },
    }),
  },
  ({ requests, ...values }) => ({ ...values, ...requests }),
);
