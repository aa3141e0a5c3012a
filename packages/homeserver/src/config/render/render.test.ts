import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parse } from 'yaml';

import { configFrom } from '../parse-config.ts';
import { isMapping } from '../schema/compounds.ts';
import { SECTIONS } from '../sections.ts';
import { renderStarterConfig } from '../starter-config.ts';
import { renderJsonSchema } from './json-schema.ts';
import { renderReferencePage } from './reference-page.ts';
import { renderSampleConfig } from './sample-config.ts';
import { wrapText } from './wrap-text.ts';

const NAMES = Object.values(SECTIONS).flatMap(({ options }) =>
  Object.values(options).map(({ name }) => name),
);

function parseMapping(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = parse(text, { version: '1.1' });
  assert.ok(isMapping(value));
  return value;
}

/** Removes the "#" before options; before explanations it is followed by one space. */
function uncomment(sample: string): string {
  return sample.replace(/^#(?! \S)/gm, '');
}

test('the sample config is a config, and its comments show every other option', () => {
  const text = renderSampleConfig('example.org');
  assert.deepEqual(parseMapping(text), { server_name: 'example.org' });
  const uncommented = parseMapping(uncomment(text));
  assert.deepEqual(
    NAMES.filter((name) => !Object.hasOwn(uncommented, name)),
    [],
  );
});

test('the sample config with every comment removed means the defaults', () => {
  const plain = configFrom({ server_name: 'example.org' }).config;
  const shown = configFrom(parseMapping(uncomment(renderSampleConfig('example.org')))).config;
  for (const key of ['listeners', 'database', 'registration', 'passwords'] as const) {
    assert.deepEqual(shown[key], plain[key], key);
  }
  for (const key of ['sync', 'caches', 'logging'] as const) {
    assert.deepEqual(shown[key], plain[key], key);
  }
  // What has no default is shown by an example.
  assert.deepEqual({ ...shown.rooms, maxEventDelayMs: undefined }, plain.rooms);
  assert.deepEqual(
    { ...shown.profiles, avatarBytesMax: undefined, avatarTypes: undefined },
    plain.profiles,
  );
  assert.deepEqual({ ...shown.upkeep, staleDevicesKeptMs: undefined }, plain.upkeep);
  assert.deepEqual(
    { ...shown.ratelimiting, adminRedaction: undefined },
    { ...plain.ratelimiting, adminRedaction: undefined },
  );
});

test('the reference page and the schema have every option', () => {
  const page = renderReferencePage();
  const schema = parseMapping(renderJsonSchema());
  for (const name of NAMES) {
    assert.ok(page.includes(`\n### \`${name}\`\n`), name);
    assert.ok(isMapping(schema['properties']) && Object.hasOwn(schema['properties'], name), name);
  }
  assert.deepEqual(schema['required'], ['server_name']);
});

test('a config to begin with is closed for a server and open for one machine', () => {
  for (const [purpose, enabled] of [
    ['server', false],
    ['local', true],
  ] as const) {
    const options = { serverName: '[::1]:8448', sharedSecret: 's', purpose };
    const { config, warnings } = configFrom(parseMapping(renderStarterConfig(options)));
    assert.deepEqual(warnings, []);
    assert.equal(config.server.serverName, '[::1]:8448');
    assert.equal(config.registration.enabled, enabled);
    assert.equal(config.listeners[0]?.xForwarded, purpose === 'server');
  }
});

test('text is broken at spaces, and a long word is kept whole', () => {
  assert.deepEqual(wrapText('a bc def', 4), ['a bc', 'def']);
  assert.deepEqual(wrapText('abcdefgh ij', 4), ['abcdefgh', 'ij']);
});
