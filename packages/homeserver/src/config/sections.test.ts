import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ACCEPTED_OPTIONS } from './accepted.ts';
import { configFrom } from './parse-config.ts';
import { optionNames } from './schema/read-options.ts';
import type { OptionFacts } from './schema/value-type.ts';
import { SECTIONS } from './sections.ts';
import { SYNAPSE_OPTION_NAMES } from './synapse-option-names.ts';

const OPTIONS: readonly OptionFacts[] = Object.values(SECTIONS).flatMap(({ options }) =>
  Object.values(options),
);

test('no two sections have an option of one name', () => {
  const names = optionNames(OPTIONS);
  assert.equal(new Set(names).size, names.length);
});

test('every option but those of Soma is one of Synapse', () => {
  const own = optionNames(OPTIONS).filter((name) => !SYNAPSE_OPTION_NAMES.has(name));
  // Synapse reads the notary's key from a file only.
  assert.deepEqual(own, ['support_contacts', 'support_page', 'key_server_signing_keys', 'logging']);
});

test('what is accepted silently is known to Synapse and read by no section', () => {
  const read = new Set(optionNames(OPTIONS));
  for (const name of Object.keys(ACCEPTED_OPTIONS)) {
    assert.ok(SYNAPSE_OPTION_NAMES.has(name), name);
    assert.ok(!read.has(name), name);
  }
});

for (const option of OPTIONS.filter(({ example }) => example !== undefined)) {
  test(`the example of ${option.name} is a valid value`, () => {
    const base = { server_name: 'example.org', enable_registration_without_verification: true };
    assert.doesNotThrow(() => configFrom({ ...base, [option.name]: option.example }));
  });
}
