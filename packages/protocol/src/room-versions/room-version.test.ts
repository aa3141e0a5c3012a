import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DEFAULT_ROOM_VERSION, roomVersion, supportedRoomVersions } from './room-version.ts';
import type { RoomVersion } from './types.ts';

// The feature matrix of the spec's page "Room Versions".
const FEATURES: Record<string, readonly [firstVersion: number, has: (v: RoomVersion) => boolean]> =
  {
    knocking: [7, (version) => version.knocking],
    'restricted join rules': [
      8,
      (version) => version.joinRulesForRestricted.includes('restricted'),
    ],
    'the knock_restricted join rule': [
      10,
      (version) =>
        version.joinRulesForRestricted.includes('knock_restricted') &&
        version.joinRulesForKnocking.includes('knock_restricted'),
    ],
    'additional room creators': [12, (version) => version.creators === 'sender-and-additional'],
    'hashes as event IDs': [3, (version) => version.eventId !== 'field'],
    'URL-safe event IDs': [4, (version) => version.eventId === 'urlsafe-base64-hash'],
    'key validity': [5, (version) => version.enforcesKeyValidity],
    'strict canonical JSON': [6, (version) => version.strictCanonicalJson],
    'integer power levels': [10, (version) => version.powerLevels === 'integers'],
    'redacts in the content': [11, (version) => version.redactsIn === 'content'],
    'room IDs that are hashes': [12, (version) => version.roomId === 'create-event'],
    'infinite power of creators': [12, (version) => version.creatorsHaveInfinitePower],
  };

for (const [feature, [firstVersion, has]] of Object.entries(FEATURES)) {
  test(`${feature} from version ${firstVersion} on`, () => {
    for (let number = 1; number <= 12; number++) {
      const version = roomVersion(String(number));
      assert.ok(version);
      assert.equal(has(version), number >= firstVersion, `version ${number}`);
    }
  });
}

test('all versions are listed in order', () => {
  const numbers = Array.from({ length: 12 }, (_, index) => String(index + 1));
  assert.deepEqual(supportedRoomVersions(), numbers);
});

test('a version that is not known is undefined', () => {
  for (const id of ['', '0', '13', '1.0', 'org.example', '__proto__']) {
    assert.equal(roomVersion(id), undefined, id);
  }
});

test('the default version exists', () => {
  assert.ok(roomVersion(DEFAULT_ROOM_VERSION));
});
