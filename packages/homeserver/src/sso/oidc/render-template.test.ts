import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { parseClaimTemplate } from '../../config/sso/claim-template.ts';
import { renderTemplate } from './render-template.ts';

const claims = {
  sub: 'id-1',
  name: 'anna MÜLLER',
  email: 'anna.m@example.org',
  admin: true,
  age: 42,
  nothing: null,
  groups: ['staff', 'ops'],
  data: { id: 7, 'https://example.org/name': 'Anna' },
};

for (const [template, text] of [
  ['', ''],
  ['plain', 'plain'],
  ['{{ user.sub }}', 'id-1'],
  ['{{user.sub}}', 'id-1'],
  [' {{ user.name }} ({{ user.age }}) ', 'anna MÜLLER (42)'],
  ['{{ user.missing }}', ''],
  ['{{ user.missing.deeper }}', ''],
  ['{{ user.nothing }}x', 'x'],
  ['{{ user.admin }}', 'true'],
  ['{{ user.groups }}', ''],
  ['{{ user.groups[0] }}', 'staff'],
  ['{{ user.groups[-1] }}', 'ops'],
  ['{{ user.groups[7] }}', ''],
  ['{{ user.data.id }}', '7'],
  ['{{ user[\'data\']["https://example.org/name"] }}', 'Anna'],
  ["{{ user.email.split('@')[0] }}", 'anna.m'],
  ["{{ user.email.split('@')[0].replace('.', '-').upper() }}", 'ANNA-M'],
  ['{{ user.email|localpart_from_email }}', 'anna.m'],
  ['{{ user.name | capitalize }}', 'Anna müller'],
  ['{{ user.name|lower }}', 'anna müller'],
  ['{{ user.name.lower() | upper | trim() }}', 'ANNA MÜLLER'],
  ["{{ user.missing|default('nobody') }}", 'nobody'],
  ["{{ user.name|replace('a', '$&') }}", '$&nn$& MÜLLER'],
  ['{{ user.constructor }}{{ user.__proto__ }}{{ user.groups.length }}', ''],
  ['{{ user.preferred_username }}}}', '}}'],
] as const) {
  test(`the template ${JSON.stringify(template)} is ${JSON.stringify(text)}`, () => {
    const parsed = parseClaimTemplate(template);
    assert.ok(parsed !== undefined);
    assert.equal(renderTemplate(parsed, claims), text);
  });
}

for (const template of [
  '{{ }}',
  '{{ user }}',
  '{{ user. }}',
  '{{ user.a',
  '{{ users.a }}',
  '{{ self.a }}',
  '{% if user.a %}{% endif %}',
  '{# comment #}',
  '{{ user.a + user.b }}',
  '{{ user.a() }}',
  '{{ user.a.format("x") }}',
  '{{ user.a|safe }}',
  '{{ user.a|replace("x") }}',
  '{{ user.a|lower("x") }}',
  '{{ user.a[user.b] }}',
  "{{ user.a['x }}",
  '{{ user.a }|{ user.b }}',
  '{{ user.a.__class__.__mro__() }}',
]) {
  test(`the template ${JSON.stringify(template)} is refused`, () => {
    assert.equal(parseClaimTemplate(template), undefined);
  });
}

test('whatever the template, reading and rendering it end', () => {
  const piece = fc.constantFrom(
    ...['{{', '}}', 'user', '.', '[', ']', "'a'", '0', '|', 'lower', '(', ')', 'split', ' ', 'x'],
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const parsed = parseClaimTemplate(pieces.join(''));
      if (parsed !== undefined) assert.equal(typeof renderTemplate(parsed, claims), 'string');
    }),
    { numRuns: 500 },
  );
});
