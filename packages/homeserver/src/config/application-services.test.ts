import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import type { Config } from './config.ts';
import { configFrom } from './parse-config.ts';
import { ConfigError } from './schema/problem.ts';
import { generateSigningKeyLine } from './signing-key.ts';

const folder = mkdtempSync(join(tmpdir(), 'soma-registrations-'));
after(() => rmSync(folder, { recursive: true }));

/** As the examples of the specification and the files of bridges are written. */
const BRIDGE = `
id: bridge
url: "http://127.0.0.1:1234/"
as_token: secret-of-the-service
hs_token: secret-of-the-server
sender_localpart: _bridge_bot
rate_limited: false
namespaces:
  users:
    - exclusive: true
      regex: '@\\_bridge_.*:example\\.org'
  aliases:
    - exclusive: false
      regex: '#(?P<name>_bridge_.*)'
  rooms:
protocols: [irc]
de.sorunome.msc2409.push_ephemeral: true
org.matrix.msc3202: true
bridge_only: { anything: true }
`;

let filesMade = 0;

function fileOf(content: string): string {
  filesMade += 1;
  const file = join(folder, `${filesMade}.yaml`);
  writeFileSync(file, content);
  return file;
}

function load(...files: readonly string[]): Config['applicationServices'] {
  const loaded = configFrom({
    server_name: 'example.org',
    signing_key: generateSigningKeyLine(),
    app_service_config_files: [...files],
  });
  assert.deepEqual(loaded.warnings, []);
  return loaded.config.applicationServices;
}

function problemOf(...files: readonly string[]): string {
  try {
    load(...files);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('the files were taken');
}

test('reads the registration of a bridge', () => {
  const [service] = load(fileOf(BRIDGE)).services;
  assert.ok(service);
  assert.equal(service.id, 'bridge');
  assert.equal(service.url, 'http://127.0.0.1:1234');
  assert.equal(service.asToken, 'secret-of-the-service');
  assert.equal(service.hsToken, 'secret-of-the-server');
  assert.equal(service.senderLocalpart, '_bridge_bot');
  assert.deepEqual(service.protocols, ['irc']);
  assert.deepEqual(service.rooms, []);
  assert.equal(service.isRateLimited, false);
  assert.equal(service.receivesEphemeral, true);
  assert.equal(service.receivesDevices, true);
  const [users] = service.users;
  assert.equal(users?.isExclusive, true);
  assert.equal(users.pattern.test('@_bridge_alice:example.org'), true);
  assert.equal(users.pattern.test('@x_bridge_alice:example.org'), false);
  assert.equal(service.aliases[0]?.isExclusive, false);
});

test('takes a service without a URL, and one with the least', () => {
  const [service] = load(
    fileOf('{ id: a, url: null, as_token: b, hs_token: c, sender_localpart: d }'),
  ).services;
  assert.equal(service?.url, undefined);
  assert.equal(service?.isRateLimited, true);
  assert.equal(service.receivesEphemeral, false);
});

test('says in which file, at which line, what was expected and what was found', () => {
  const wrong = fileOf(BRIDGE.replace('exclusive: true', 'exclusive: perhaps'));
  assert.equal(
    problemOf(wrong),
    '1 problem in the configuration:\n' +
      `  namespaces.users[0].exclusive (${wrong}:10): expected true or false, found "perhaps"`,
  );
  const several = problemOf(
    fileOf(
      BRIDGE.replace('id: bridge', 'id: 5').replace('(?P<name>', '((').replace('http:', 'ftp:'),
    ),
  );
  assert.match(several, /^3 problems/);
  assert.match(several, /id \(.*:2\): expected a text, found 5/);
  assert.match(
    several,
    /url \(.*:3\): expected an http:\/\/ or https:\/\/ URL, or null, found "ftp/,
  );
  assert.match(several, /namespaces\.aliases\[0\]\.regex \(.*:14\): expected a regular expression/);
  assert.match(problemOf(fileOf(BRIDGE.replace(/^url.*$/m, ''))), /url \(.*\): .*it is required/);
  const tokenless = problemOf(fileOf(BRIDGE.replace(/^as_token.*$/m, 'as_token: 17')));
  assert.match(tokenless, /as_token \(.*:4\): expected a text that is not empty, found a number/);
  const long = fileOf(BRIDGE.replace('_bridge_.*)', `${'a'.repeat(2_000)})`));
  assert.match(problemOf(long), /at most 1000 characters/);
  assert.match(problemOf(fileOf('[]')), /expected a mapping of options, found a list/);
  assert.match(problemOf(fileOf('a: [')), /expected a registration file/);
  assert.match(problemOf(join(folder, 'absent.yaml')), /absent\.yaml: no such file/);
  const nameless = fileOf(BRIDGE.replace('_bridge_bot', `"${'x'.repeat(300)}"`));
  assert.match(problemOf(nameless), /expected a sender_localpart that makes a user ID/);
});

test('refuses two services of one ID or of one token', () => {
  const first = fileOf(BRIDGE);
  const sameId = fileOf(BRIDGE.replace('secret-of-the-service', 'another'));
  assert.match(
    problemOf(first, sameId),
    /app_service_config_files\[1\] .*expected another id in each file, found that of .*1?\.yaml in .*again/,
  );
  const sameToken = fileOf(BRIDGE.replace('id: bridge', 'id: another'));
  assert.match(problemOf(first, sameToken), /expected another as_token in each file/);
  assert.doesNotMatch(problemOf(first, sameToken), /secret/);
});
