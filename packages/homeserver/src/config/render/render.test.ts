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

test('the sample config is a config, and its comments show every other option', () => {
  const text = renderSampleConfig('example.org');
  assert.deepEqual(parseMapping(text), { server_name: 'example.org' });
  const uncommented = parseMapping(
    text.replace(/^#(?=[a-z_0-9]+:| )/gm, '').replace(/^ .*$/gm, ''),
  );
  assert.deepEqual(
    NAMES.filter((name) => !Object.hasOwn(uncommented, name)),
    [],
  );
});

test('the comments of the sample config show the defaults', () => {
  const shown = parseMapping(
    renderSampleConfig('example.org')
      .split('\n')
      .filter((line) => /^#( {2}|caches:|rc_login:|default_room_version:)/.test(line))
      .map((line) => line.slice(1))
      .join('\n')
      .replace(/^.*?(?=default_room_version)/s, ''),
  );
  assert.equal(shown['default_room_version'], '12');
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
