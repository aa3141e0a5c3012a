import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { loadConfig } from './load-config.ts';
import type { LoadedConfig } from './parse-config.ts';
import { StartRefusal } from './start-refusal.ts';

const folder = mkdtempSync(join(tmpdir(), 'soma-config-'));
after(() => rmSync(folder, { recursive: true }));

let foldersMade = 0;

/** Writes the files into a new folder; returns their paths by name. */
function write(files: Readonly<Record<string, string>>): {
  root: string;
  path(name: string): string;
} {
  foldersMade += 1;
  const root = join(folder, String(foldersMade));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return { root, path: (name) => join(root, name) };
}

function load(text: string): LoadedConfig {
  return loadConfig({ files: [write({ 'homeserver.yaml': text }).path('homeserver.yaml')] });
}

/** What `synapse.app.homeserver --generate-config` writes, but for its values. */
const GENERATED_BY_SYNAPSE = `
server_name: "matrix.example.org"
pid_file: /var/run/homeserver.pid
listeners:
  - port: 8008
    resources:
    - compress: false
      names:
      - client
      - federation
    tls: false
    type: http
    x_forwarded: true
    bind_addresses: ['::1', '127.0.0.1']
database:
  name: sqlite3
  args:
    database: /var/lib/matrix/homeserver.db
log_config: "/etc/matrix/log.config"
media_store_path: /var/lib/matrix/media_store
registration_shared_secret: "a"
report_stats: false
macaroon_secret_key: "b"
form_secret: "c"
signing_key_path: "matrix.example.org.signing.key"
trusted_key_servers:
  - server_name: "matrix.org"
`;

test('reads a config that Synapse generated, and names what has no effect', () => {
  const { config, warnings, missingFiles } = load(GENERATED_BY_SYNAPSE);
  assert.equal(config.server.serverName, 'matrix.example.org');
  assert.deepEqual(config.database, { engine: 'sqlite', path: '/var/lib/matrix/homeserver.db' });
  assert.deepEqual(config.listeners, [
    {
      port: 8008,
      bindAddresses: ['::1', '127.0.0.1'],
      unixSocket: undefined,
      tag: undefined,
      tls: false,
      xForwarded: true,
      requestIdHeader: undefined,
      resources: ['client', 'federation'],
    },
  ]);
  assert.equal(config.media.storePath, '/var/lib/matrix/media_store');
  assert.equal(warnings.length, 2);
  assert.match(warnings[0] ?? '', /^trusted_key_servers: matrix\.org is asked/);
  assert.match(warnings[1] ?? '', /^log_config has no effect/);
  assert.deepEqual(
    missingFiles.map(({ what }) => what),
    ['a signing key'],
  );
});

test('the smallest config has every default', () => {
  const { config, warnings } = load('server_name: example.org\n');
  assert.deepEqual(warnings, []);
  assert.equal(config.rooms.defaultRoomVersion, '12');
  assert.equal(config.caches.cacheEntryTtlMs, 1_800_000);
  assert.equal(config.caches.eventCacheSize, 10_240);
  assert.deepEqual(config.ratelimiting.message, { perSecond: 0.2, burstCount: 10 });
  assert.deepEqual(config.ratelimiting.login.failedAttempts, { perSecond: 0.17, burstCount: 3 });
  assert.equal(config.ratelimiting.adminRedaction, undefined);
  assert.equal(config.registration.enabled, false);
  const [listener] = config.listeners;
  assert.equal(listener?.port, 8008);
  assert.deepEqual(listener.bindAddresses, ['127.0.0.1', '::1']);
});

test('listeners: all addresses unless some are given, sockets, and a listener for metrics', () => {
  const { config } = load(`server_name: a
listeners:
  - {port: 1, type: http}
  - {port: 2, type: http, bind_addresses: [10.0.0.1], bind_address: 10.0.0.2}
  - {path: run/a.sock, mode: 0660, type: http, request_id_header: X-Request-ID}
  - {port: 3, type: metrics, bind_address: "::1"}
`);
  assert.deepEqual(
    config.listeners.map(({ bindAddresses }) => bindAddresses),
    [['::', '0.0.0.0'], ['10.0.0.1', '10.0.0.2'], [], ['::1']],
  );
  assert.match(config.listeners[2]?.unixSocket?.path ?? '', /^\/.*\/run\/a\.sock$/);
  assert.equal(config.listeners[2]?.unixSocket?.mode, 0o660);
  assert.equal(config.listeners[2]?.requestIdHeader, 'x-request-id');
  assert.deepEqual(config.listeners[3]?.resources, ['metrics']);
});

test('half a rate limit keeps the default of the other half', () => {
  const { config } = load('server_name: a\nrc_joins: {remote: {burst_count: 50}}\n');
  assert.deepEqual(config.ratelimiting.joins, {
    local: { perSecond: 0.1, burstCount: 10 },
    remote: { perSecond: 0.01, burstCount: 50 },
  });
});

test('PostgreSQL under both spellings, with what libpq calls things', () => {
  for (const name of ['psycopg2', 'postgres']) {
    const { config } = load(`server_name: a
database:
  name: ${name}
  txn_limit: 10000
  args: {user: u, password: p, dbname: d, host: h, port: "5433", cp_max: 20, sslmode: require}
`);
    assert.deepEqual(config.database, {
      engine: 'postgres',
      connection: {
        host: 'h',
        port: 5433,
        user: 'u',
        password: 'p',
        database: 'd',
        sslMode: 'require',
        sslRootCertificatePath: undefined,
        sslCertificatePath: undefined,
        sslKeyPath: undefined,
      },
      connectionsMin: 5,
      connectionsMax: 20,
    });
  }
});

test('words for true and false are those of YAML 1.1', () => {
  const { config } = load(
    'server_name: a\nallow_guest_access: yes\nencryption_enabled_by_default_for_room_type: off\n',
  );
  assert.equal(config.registration.allowGuestAccess, true);
  assert.equal(config.rooms.encryptionEnabledByDefaultForRoomType, 'off');
});

test('an option without a value counts as not given', () => {
  const { config } = load('server_name: a\npublic_baseurl:\nenable_set_displayname:\n');
  assert.equal(config.server.publicBaseurl, undefined);
  assert.equal(config.profiles.enableSetDisplayname, true);
});

test('of several files the later wins, one whole option at a time', () => {
  const { path } = write({
    'a.yaml': 'server_name: a\npublic_baseurl: https://a\nrc_message: {per_second: 7}\n',
    'b.yaml': 'server_name: b\nrc_message: {burst_count: 70}\n',
  });
  const { config } = loadConfig({ files: [path('a.yaml'), path('b.yaml')] });
  assert.equal(config.server.serverName, 'b');
  assert.equal(config.server.publicBaseurl, 'https://a/');
  assert.deepEqual(config.ratelimiting.message, { perSecond: 0.2, burstCount: 70 });
});

test('of a folder every *.yaml is read, sorted by name', () => {
  const { root, path } = write({
    'conf.d/20-late.yaml': 'server_name: late\n',
    'conf.d/10-early.yaml': 'server_name: early\nallow_guest_access: true\n',
    'conf.d/30-other.yml': 'server_name: other\n',
    'empty/readme.txt': '',
  });
  const { config } = loadConfig({ files: [path('conf.d')] });
  assert.equal(config.server.serverName, 'late');
  assert.equal(config.registration.allowGuestAccess, true);
  assert.throws(() => loadConfig({ files: [path('empty')] }), /no \*\.yaml file in the folder/);
  assert.throws(() => loadConfig({ files: [join(root, 'absent')] }), StartRefusal);
});

test('relative paths count from the folder of the file they stand in', () => {
  const { root, path } = write({
    'one/a.yaml': 'server_name: a\ndatabase: {args: {database: db/a.db}}\nsigning_key_path: k\n',
    'two/b.yaml': 'tls_certificate_path: b.crt\n',
  });
  const files = [path('one/a.yaml'), path('two/b.yaml')];
  const { config, missingFiles } = loadConfig({ files });
  assert.deepEqual(config.database, { engine: 'sqlite', path: join(root, 'one/db/a.db') });
  assert.equal(config.tls.certificatePath, join(root, 'two/b.crt'));
  assert.deepEqual(
    missingFiles.map((file) => file.path),
    [join(root, 'one/k')],
  );
});

test('defaults of paths count from the folder of the file with server_name', () => {
  const { root, path } = write({ 'one/a.yaml': 'server_name: "a:1"\n', 'two/b.yaml': '{}\n' });
  const files = [path('two/b.yaml'), path('one/a.yaml')];
  const { config, missingFiles } = loadConfig({ files });
  assert.deepEqual(config.database, { engine: 'sqlite', path: join(root, 'one/homeserver.db') });
  assert.equal(missingFiles[0]?.path, join(root, 'one/a:1.signing.key'));
});

test('a memory database is no path', () => {
  const { config } = load('server_name: a\ndatabase: {args: {database: ":memory:"}}\n');
  assert.deepEqual(config.database, { engine: 'sqlite', path: ':memory:' });
});

test('a secret is read from its file, without the line end', () => {
  const { path } = write({
    'a.yaml': 'server_name: a\nregistration_shared_secret_path: secret\n',
    secret: 's3cret \n\n',
  });
  const { config, missingFiles } = loadConfig({ files: [path('a.yaml')] });
  assert.equal(config.registration.sharedSecret, 's3cret ');
  assert.deepEqual(
    missingFiles.map(({ what }) => what),
    ['a signing key'],
  );
});

test('a secret file that does not exist is asked for', () => {
  const { config, missingFiles } = load(
    'server_name: a\nregistration_shared_secret_path: secret\n',
  );
  const asked = missingFiles.find(({ what }) => what === 'a registration secret');
  assert.equal(asked?.content, `${config.registration.sharedSecret}\n`);
  assert.match(asked.path, /\/secret$/);
});

test('a secret and its file together, and a file that is empty, are refused', () => {
  const both = 'registration_shared_secret: x\nregistration_shared_secret_path: secret\n';
  assert.throws(
    () => load(`server_name: a\n${both}`),
    /registration_shared_secret_path \(.*homeserver\.yaml:3\): expected only one of .*, found both/,
  );
  const { path } = write({
    'a.yaml': 'server_name: a\nregistration_shared_secret_path: secret\n',
    secret: '\n',
  });
  assert.throws(
    () => loadConfig({ files: [path('a.yaml')] }),
    /expected a text that is not empty, found an empty text/,
  );
});

test('a problem names the file and the line of its option', () => {
  const { path } = write({
    'a.yaml': 'server_name: a\n',
    'b.yaml': '# listeners\nlisteners:\n  - type: http\n    port: 0x\n',
  });
  assert.throws(
    () => loadConfig({ files: [path('a.yaml'), path('b.yaml')] }),
    /listeners\[0\]\.port \(.*b\.yaml:4\): expected a port number from 0 to 65535, found "0x"/,
  );
});

test('what is not YAML is refused with file, line and column, of all files at once', () => {
  const { path } = write({
    'a.yaml': 'server_name: [a\n',
    'b.yaml': 'x: 1\n y: 2\n',
    'c.yaml': '- a\n',
  });
  const files = [path('a.yaml'), path('b.yaml'), path('c.yaml')];
  assert.throws(
    () => loadConfig({ files }),
    (error) =>
      error instanceof StartRefusal &&
      /a\.yaml:2:1: /.test(error.message) &&
      /b\.yaml:1:4: /.test(error.message) &&
      /c\.yaml:1:1: expected a mapping of options, found a list of 1/.test(error.message),
  );
});

test('of an option that stands twice the last counts, with a warning', () => {
  const { config, warnings } = load('server_name: a\nallow_guest_access: false\nserver_name: b\n');
  assert.equal(config.server.serverName, 'b');
  assert.match(warnings[0] ?? '', /homeserver\.yaml:3:1: the option stands here a second time/);
});

test('the config is frozen to its depth', () => {
  const { config } = load('server_name: a\nextra_well_known_client_content: {a: {b: [1]}}\n');
  assert.ok(Object.isFrozen(config.ratelimiting.login.address));
  assert.ok(Object.isFrozen(config.listeners[0]?.resources));
  const content = config.server.extraWellKnownClientContent['a'];
  assert.ok(Object.isFrozen(content));
  assert.deepEqual(content, { b: [1] });
});
