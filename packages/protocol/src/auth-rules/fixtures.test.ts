import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import {
  AUTH_FIXTURES,
  SPEC_RULES,
  authFixtureFiles,
  isOneSided,
} from '../../testing/auth-fixtures.ts';
import type { AuthFixture } from '../../testing/auth-fixtures.ts';
import { nodeVerify } from '../../testing/node-crypto.ts';
import { knownVersion } from '../../testing/room-versions.ts';
import { supportedRoomVersions } from '../room-versions/room-version.ts';
import type { RoomVersion } from '../room-versions/types.ts';
import { authorise } from './authorise.ts';
import type { RuleList } from './rule.ts';
import { AUTH_RULES } from './rules.ts';
import type { AuthEvent, AuthVerdict } from './types.ts';

for (const id of supportedRoomVersions()) {
  describe(`the auth rules of version ${id}`, () => {
    const version = knownVersion(id);
    const room: readonly AuthEvent[] = read(`v${id}/room.json`);
    for (const path of paths(`v${id}/*/*.json`)) {
      const rule = path.split('/')[1] ?? '';
      const passes = path.endsWith('/passes.json');
      test(`rule ${rule} ${passes ? 'lets pass' : 'or a later one rejects'}`, () => {
        const fixtures: readonly AuthFixture[] = read(path);
        for (const fixture of fixtures) {
          const { allowed, rule: decidedBy } = judge(fixture, room, version);
          assert.deepEqual({ allowed, rule: decidedBy }, fixture.verdict, fixture.title);
          assert.equal(allowed, passes, fixture.title);
        }
      });
    }

    test('the rules are those of the spec’s page', () => {
      assert.deepEqual(numbersIn(AUTH_RULES, version).toSorted(), numbersOf(id).toSorted());
    });

    test('each rule has an event that passes and one that fails, unless it ends a list', () => {
      for (const [rule, key] of Object.entries(SPEC_RULES[id] ?? {})) {
        const found = paths(`v${id}/${rule}/*.json`);
        assert.equal(found.length, isOneSided(key) ? 1 : 2, `rule ${rule} (${key})`);
        const deciding = found
          .flatMap((path): readonly AuthFixture[] => read(path))
          .filter(({ verdict }) => verdict.rule === rule);
        assert.ok(deciding.length > 0, `rule ${rule} (${key}) decides in no fixture`);
      }
    });
  });
}

test('the fixtures are what the cases make', () => {
  const files = authFixtureFiles();
  const stored = paths('v*/**/*.json');
  assert.deepEqual(stored.toSorted(), [...files.keys()].toSorted());
  for (const path of stored) {
    assert.equal(readFileSync(new URL(path, AUTH_FIXTURES), 'utf8'), files.get(path), path);
  }
});

function judge(
  fixture: AuthFixture,
  room: readonly AuthEvent[],
  version: RoomVersion,
): AuthVerdict {
  const { event, state, auth_events: authEvents, signed_by: signedBy } = fixture;
  const events = new Map(room.map((each) => [`${each.type}|${each.state_key}`, each]));
  for (const place of state.without) events.delete(place);
  for (const each of state.put) events.set(`${each.type}|${each.state_key}`, each);
  return authorise(event, { get: (type, stateKey) => events.get(`${type}|${stateKey}`) }, version, {
    verify: nodeVerify,
    ...(authEvents && { authEvents }),
    ...(signedBy && { signedBy: (server) => signedBy.includes(server) }),
  });
}

function numbersIn(rules: RuleList, version: RoomVersion, prefix = ''): string[] {
  return rules
    .filter((rule) => rule.in === undefined || rule.in(version))
    .flatMap((rule, index) => {
      const number = `${prefix}${index + 1}`;
      return 'rules' in rule ? numbersIn(rule.rules, version, `${number}.`) : [number];
    });
}

function numbersOf(id: string): string[] {
  return Object.keys(SPEC_RULES[id] ?? {});
}

function paths(pattern: string): string[] {
  return globSync(pattern, { cwd: fileURLToPath(AUTH_FIXTURES) });
}

function read(path: string) {
  return JSON.parse(readFileSync(new URL(path, AUTH_FIXTURES), 'utf8'));
}
