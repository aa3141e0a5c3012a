import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { JsonObject } from './canonical-json.ts';
import { compileServerAcl } from './server-acl.ts';

interface AclCase {
  readonly content: JsonObject | undefined;
  readonly allowed: readonly string[];
  readonly denied: readonly string[];
}

const CASES: Record<string, AclCase> = {
  'no ACL': { content: undefined, allowed: ['example.org', '1.2.3.4'], denied: [] },
  'an empty ACL': { content: {}, allowed: [], denied: ['example.org'] },
  'everyone but some': {
    content: { allow: ['*'], deny: ['*.evil.com', 'evil.com', 'h?.example.org'] },
    allowed: ['example.org', 'notevil.com', '1.2.3.4', '[::1]:8448'],
    denied: ['evil.com', 'EVIL.com:1234', 'a.b.evil.com', 'h1.example.org'],
  },
  'a few': {
    content: { allow: ['Example.org'] },
    allowed: ['example.org', 'EXAMPLE.ORG:8448'],
    denied: ['sub.example.org', 'example.org.evil.com'],
  },
  'no IP literals': {
    content: { allow: ['*'], allow_ip_literals: false },
    allowed: ['example.org', '1.2.3.4.example.org'],
    denied: ['1.2.3.4', '1.2.3.4:8448', '[::1]', '[2001:db8::1]:8448'],
  },
  'IP literals where the flag is no boolean': {
    content: { allow: ['*'], allow_ip_literals: 'false' },
    allowed: ['1.2.3.4'],
    denied: [],
  },
  'malformed entries': {
    content: { allow: ['*', 5], deny: [null, { a: 1 }, 'evil.com'] },
    allowed: ['example.org'],
    denied: ['evil.com'],
  },
  'malformed lists': {
    content: { allow: '*', deny: 'evil.com' },
    allowed: [],
    denied: ['example.org'],
  },
};

for (const [name, { content, allowed, denied }] of Object.entries(CASES)) {
  test(name, () => {
    const acl = compileServerAcl(content);
    for (const serverName of allowed) assert.ok(acl(serverName), serverName);
    for (const serverName of denied) assert.ok(!acl(serverName), serverName);
  });
}
