import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { prepareDataDirectory } from './first-start.ts';
import { loadConfig } from './load-config.ts';
import { StartRefusal } from './start-refusal.ts';
import { writeSecretFile } from './write-secret-file.ts';

const root = mkdtempSync(join(tmpdir(), 'soma-first-start-'));
after(() => rmSync(root, { recursive: true }));

const PERMISSION_BITS = 0o777;

test('an empty folder gets a config for this machine alone, and a second call changes nothing', () => {
  const folder = join(root, 'new/data');
  const { configFile, made } = prepareDataDirectory(folder);
  assert.deepEqual(
    made.map(({ path }) => path),
    [join(folder, 'localhost.signing.key'), configFile],
  );
  assert.equal(statSync(folder).mode & PERMISSION_BITS, 0o700);
  for (const { path } of made) assert.equal(statSync(path).mode & PERMISSION_BITS, 0o600);

  const { config, warnings, missingFiles } = loadConfig({ files: [configFile] });
  assert.deepEqual([warnings, missingFiles], [[], []]);
  assert.equal(config.server.serverName, 'localhost');
  assert.equal(config.registration.enabled, true);
  assert.match(config.registration.sharedSecret ?? '', /^[\w-]{43}$/);
  assert.deepEqual(config.database, { engine: 'sqlite', path: join(folder, 'homeserver.db') });
  const [listener] = config.listeners;
  assert.equal(listener?.port, 8008);
  assert.deepEqual(listener.bindAddresses, ['127.0.0.1', '::1']);

  const text = readFileSync(configFile, 'utf8');
  assert.deepEqual(prepareDataDirectory(folder), { configFile, made: [] });
  assert.equal(readFileSync(configFile, 'utf8'), text);
});

test('an interrupted first start keeps the key that it made', () => {
  const folder = join(root, 'interrupted');
  const key = join(folder, 'localhost.signing.key');
  writeSecretFile(key, 'the key that was made before\n');
  const { configFile, made } = prepareDataDirectory(folder);
  assert.deepEqual(
    made.map(({ path }) => path),
    [configFile],
  );
  assert.equal(readFileSync(key, 'utf8'), 'the key that was made before\n');
});

test('a file that is there is not written over, and a folder that cannot be made is refused', () => {
  const path = join(root, 'file');
  writeSecretFile(path, 'first');
  assert.throws(() => writeSecretFile(path, 'second'), StartRefusal);
  assert.equal(readFileSync(path, 'utf8'), 'first');
  assert.throws(() => prepareDataDirectory(join(path, 'below')), /cannot be made/);
});
