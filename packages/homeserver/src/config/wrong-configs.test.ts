import assert from 'node:assert/strict';
import { test } from 'node:test';

import { configFrom } from './parse-config.ts';
import { ConfigError } from './schema/problem.ts';
import type { Problem } from './schema/problem.ts';

interface Case {
  readonly given: Readonly<Record<string, unknown>>;
  readonly path: string;
  readonly expected: RegExp;
  readonly found: string;
}

const http = { port: 8008, type: 'http' };
const postgres = (args: object): object => ({ name: 'psycopg2', args });
const KEY_SEED = 'YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1';

const CASES: readonly Case[] = [
  {
    given: { autocreate_auto_join_room_preset: 'private_chat' },
    path: 'autocreate_auto_join_room_preset',
    expected: /^public_chat, or auto_join_mxid_localpart/,
    found: 'private_chat',
  },
  {
    given: { matrix_rtc: { transports: [{ livekit_service_url: 'https://rtc.example.org' }] } },
    path: 'matrix_rtc.transports[0]',
    expected: /with the type of the transport$/,
    found: 'one without a type',
  },
  {
    given: { enable_local_media_storage: false },
    path: 'media_storage_providers',
    expected: /^providers with store_local and with store_remote/,
    found: '0 providers',
  },
  {
    given: { media_storage_providers: [{ module: 'my_own.Storage' }] },
    path: 'media_storage_providers[0].module',
    expected: /^file_system or s3_storage_provider/,
    found: '"my_own.Storage"',
  },
  {
    given: {
      media_storage_providers: [
        { module: 's3_storage_provider.S3StorageProviderBackend', config: { bucket: 'media' } },
      ],
    },
    path: 'media_storage_providers[0].config.access_key_id',
    expected: /^a text$/,
    found: 'nothing',
  },
  {
    given: { thumbnail_sizes: [{ width: 0, height: 5, method: 'crop' }] },
    path: 'thumbnail_sizes[0].width',
    expected: /^a number of pixels/,
    found: '0',
  },
  {
    given: { server_name: undefined },
    path: 'server_name',
    expected: /^a server name/,
    found: 'nothing: it is required',
  },
  {
    given: { server_name: 'ex ample' },
    path: 'server_name',
    expected: /^a server name/,
    found: '"ex ample"',
  },
  { given: { server_name: 17 }, path: 'server_name', expected: /^a server name/, found: '17' },
  {
    given: { public_baseurl: 'matrix.example.org' },
    path: 'public_baseurl',
    expected: /^an http:\/\/ or https:\/\/ address$/,
    found: '"matrix.example.org"',
  },
  { given: { pid_file: ['x'] }, path: 'pid_file', expected: /^a path$/, found: 'a list of 1' },
  {
    given: { listeners: {} },
    path: 'listeners',
    expected: /^a list of 1 or more/,
    found: 'a mapping',
  },
  {
    given: { listeners: [] },
    path: 'listeners',
    expected: /^a list of 1 or more/,
    found: 'a list of 0',
  },
  {
    given: { listeners: [{ ...http, port: 'eight' }] },
    path: 'listeners[0].port',
    expected: /^a port number from 0 to 65535$/,
    found: '"eight"',
  },
  {
    given: { listeners: [http, { ...http, port: 70_000 }] },
    path: 'listeners[1].port',
    expected: /^a port number from 0 to 65535$/,
    found: '70000',
  },
  {
    given: { listeners: [{ type: 'http' }] },
    path: 'listeners[0].port',
    expected: /^a port number/,
    found: 'neither a port nor a path',
  },
  {
    given: { listeners: [{ ...http, path: '/run/x.sock' }] },
    path: 'listeners[0].path',
    expected: /^either a port or a path$/,
    found: 'both',
  },
  {
    given: { listeners: [{ port: 8008 }] },
    path: 'listeners[0].type',
    expected: /^one of http, metrics, manhole$/,
    found: 'nothing: it is required',
  },
  {
    given: { listeners: [{ ...http, type: 'replication' }] },
    path: 'listeners[0].type',
    expected: /^one of http, metrics, manhole$/,
    found: '"replication"',
  },
  {
    given: { listeners: [{ ...http, bind_addresses: '127.0.0.1' }] },
    path: 'listeners[0].bind_addresses',
    expected: /^a list, each entry an IP address or a host name$/,
    found: '"127.0.0.1"',
  },
  {
    given: { listeners: [{ ...http, resources: [{ names: ['client', 'fed'] }] }] },
    path: 'listeners[0].resources[0].names[1]',
    expected: /^one of client, .*federation/,
    found: '"fed"',
  },
  {
    given: { listeners: [{ ...http, x_forwarded: 'yes' }] },
    path: 'listeners[0].x_forwarded',
    expected: /^true or false$/,
    found: '"yes"',
  },
  {
    given: { listeners: [{ ...http, tls: true }], tls_private_key_path: 'k.pem' },
    path: 'tls_certificate_path',
    expected: /^a path, because a listener has tls: true$/,
    found: 'nothing',
  },
  {
    given: { database: { name: 'mysql' } },
    path: 'database.name',
    expected: /^one of sqlite3, psycopg2, postgres$/,
    found: '"mysql"',
  },
  {
    given: { database: postgres({ cp_min: 20, cp_max: 10 }) },
    path: 'database.args.cp_min',
    expected: /^at most cp_max \(10\)$/,
    found: '20',
  },
  {
    given: { database: postgres({ sslmode: 'yes' }) },
    path: 'database.args.sslmode',
    expected: /^one of disable, .*verify-full$/,
    found: '"yes"',
  },
  {
    given: { database: postgres({ password: 123_456 }) },
    path: 'database.args.password',
    expected: /^a text that is not empty$/,
    found: 'a number',
  },
  {
    given: { database: postgres({ database: 'a', dbname: 'b' }) },
    path: 'database.args.dbname',
    expected: /^only one of database and dbname$/,
    found: 'both',
  },
  {
    given: { event_cache_size: '10 thousand' },
    path: 'event_cache_size',
    expected: /^a size/,
    found: '"10 thousand"',
  },
  {
    given: { caches: { cache_entry_ttl: '30 minutes' } },
    path: 'caches.cache_entry_ttl',
    expected: /^a duration/,
    found: '"30 minutes"',
  },
  {
    given: { caches: { per_cache_factors: { get_users: 'big' } } },
    path: 'caches.per_cache_factors.get_users',
    expected: /^a number of 0 or more$/,
    found: '"big"',
  },
  {
    given: { rc_message: 5 },
    path: 'rc_message',
    expected: /^a mapping$/,
    found: '5',
  },
  {
    given: { rc_login: { account: { per_second: -1 } } },
    path: 'rc_login.account.per_second',
    expected: /^a number of 0 or more$/,
    found: '-1',
  },
  {
    given: { enable_registration: true },
    path: 'enable_registration',
    expected: /enable_registration_without_verification: true/,
    found: 'true',
  },
  {
    given: { enable_registration: true, enable_registration_captcha: true },
    path: 'enable_registration_captcha',
    expected: /recaptcha_public_key and recaptcha_private_key/,
    found: 'true',
  },
  {
    given: {
      enable_registration: true,
      registration_requires_token: true,
      user_consent: { require_at_registration: true, template_dir: './templates' },
    },
    path: 'user_consent.policies',
    expected: /at least one document/,
    found: 'none',
  },
  {
    given: { support_contacts: [{ role: 'm.role.admin' }] },
    path: 'support_contacts[0]',
    expected: /matrix_id or email_address/,
    found: 'neither',
  },
  {
    given: { session_lifetime: 'for ever' },
    path: 'session_lifetime',
    expected: /a duration.*or infinity/,
    found: '"for ever"',
  },
  {
    given: { registration_shared_secret: ['s3cret'] },
    path: 'registration_shared_secret',
    expected: /^a text that is not empty$/,
    found: 'a list of 1',
  },
  {
    given: { bcrypt_rounds: 3 },
    path: 'bcrypt_rounds',
    expected: /^a whole number from 4 to 31$/,
    found: '3',
  },
  {
    given: { password_config: { enabled: 'never' } },
    path: 'password_config.enabled',
    expected: /^one of true, false, only_for_reauth$/,
    found: '"never"',
  },
  {
    given: { password_config: { policy: { minimum_length: 8.5 } } },
    path: 'password_config.policy.minimum_length',
    expected: /^a number of characters from 0 to 512$/,
    found: '8.5',
  },
  {
    given: { default_room_version: '99' },
    path: 'default_room_version',
    expected: /^a room version: one of .*12$/,
    found: '"99"',
  },
  {
    given: { encryption_enabled_by_default_for_room_type: 'some' },
    path: 'encryption_enabled_by_default_for_room_type',
    expected: /^one of all, invite, off/,
    found: '"some"',
  },
  {
    given: { default_power_level_content_override: { secret_chat: {} } },
    path: 'default_power_level_content_override',
    expected: /^presets among public_chat/,
    found: '"secret_chat"',
  },
  {
    given: { filter_timeline_limit: -2 },
    path: 'filter_timeline_limit',
    expected: /^a number of events from -1 to/,
    found: '-2',
  },
  {
    given: { signing_key: 'ed25519 a_abcd' },
    path: 'signing_key',
    expected: /^a signing key/,
    found: 'line 1 with fewer than three words',
  },
  {
    given: { signing_key: `ed25519 a_b ${KEY_SEED}`, signing_key_path: 'x.key' },
    path: 'signing_key_path',
    expected: /^only one of signing_key and signing_key_path$/,
    found: 'both',
  },
  {
    given: { old_signing_keys: { 'ed25519:a_old': { key: 'short', expired_ts: 1 } } },
    path: 'old_signing_keys.ed25519:a_old.key',
    expected: /^32 bytes in base64$/,
    found: '"short"',
  },
  {
    given: { logging: { level: 'loud' } },
    path: 'logging.level',
    expected: /^one of trace, debug/,
    found: '"loud"',
  },
];

for (const { given, path, expected, found } of CASES) {
  test(`${path} is refused: ${JSON.stringify(given)}`, () => {
    const [problem, ...more] = problemsOf({ server_name: 'example.org', ...given });
    assert.deepEqual(more, []);
    assert.equal(problem?.path, path);
    assert.match(problem.expected, expected);
    assert.equal(problem.found, found);
    assert.equal(problem.file, 'the options given');
  });
}

test('all problems are reported at once, one line each', () => {
  const given = {
    server_name: 5,
    rc_message: { per_second: 'x', burst_count: 'y' },
    listeners: [{ port: -1, type: 'telnet' }],
  };
  assert.deepEqual(
    problemsOf(given).map(({ path }) => path),
    [
      'server_name',
      'listeners[0].port',
      'listeners[0].type',
      'rc_message.per_second',
      'rc_message.burst_count',
    ],
  );
  assert.throws(
    () => configFrom(given),
    /^ConfigError: 5 problems in the configuration:\n {2}server_name \(the options given\): expected a server name, for .*, found 5\n/,
  );
});

test('a secret is not printed', () => {
  const given = { server_name: 'example.org', password_config: { pepper: 41_424_344 } };
  assert.throws(
    () => configFrom(given),
    (error: Error) => !error.message.includes('41424344'),
  );
});

function problemsOf(given: Readonly<Record<string, unknown>>): readonly Problem[] {
  try {
    configFrom(given);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}
