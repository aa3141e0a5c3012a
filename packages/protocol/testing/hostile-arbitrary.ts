import fc from 'fast-check';

import { canonicalJson } from '../src/canonical-json.ts';
import type { JsonObject, JsonValue } from '../src/canonical-json.ts';
import { supportedRoomVersions } from '../src/room-versions/room-version.ts';
import { jsonValue } from './json-arbitrary.ts';
import { knownVersion } from './room-versions.ts';

/** Any room version. */
export const anyVersion = fc.constantFrom(...supportedRoomVersions().map(knownVersion));

const hostileText = fc.constantFrom(
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  '\0',
  '\ud800',
  '@',
  '@:',
  '@alice:example.org',
  '$',
  '$a:example.org',
  '!room:example.org',
  'a'.repeat(300),
  '9'.repeat(400),
  ' +1 ',
);
const hostileNumber = fc.constantFrom(
  0,
  -0,
  1.5,
  -1,
  2 ** 53,
  2 ** 63,
  1e300,
  5e-324,
  Infinity,
  NaN,
);

/** Anything that JSON.parse makes, and some that it does not. */
export const hostileValue: fc.Arbitrary<JsonValue> = fc.oneof(
  jsonValue,
  hostileText,
  hostileNumber,
  fc.array(fc.oneof(jsonValue, hostileText, hostileNumber), { maxLength: 4 }),
  fc.dictionary(hostileText, fc.oneof(jsonValue, hostileText, hostileNumber), { maxKeys: 4 }),
);

const membership = fc.constantFrom('join', 'invite', 'leave', 'ban', 'knock', 'x');
const type = fc.constantFrom(
  'm.room.create',
  'm.room.member',
  'm.room.power_levels',
  'm.room.join_rules',
  'm.room.third_party_invite',
  'm.room.redaction',
  'm.room.aliases',
  'm.room.message',
);

/** The content of an event whose known keys hold anything. */
export const hostileContent: fc.Arbitrary<JsonObject> = fc.record(
  {
    membership: fc.oneof(membership, hostileValue),
    join_rule: fc.oneof(
      fc.constantFrom('public', 'invite', 'knock', 'restricted', 'knock_restricted'),
      hostileValue,
    ),
    third_party_invite: fc.oneof(
      fc.record({ signed: fc.record({ mxid: hostileValue, token: hostileValue }) }),
      hostileValue,
    ),
    join_authorised_via_users_server: hostileValue,
    creator: hostileValue,
    additional_creators: hostileValue,
    room_version: hostileValue,
    'm.federate': hostileValue,
    users: hostileValue,
    events: hostileValue,
    notifications: hostileValue,
    users_default: hostileValue,
    ban: hostileValue,
    invite: hostileValue,
    public_keys: hostileValue,
  },
  { requiredKeys: [] },
);

/** An event as the auth rules take it: of the right types at the top, with anything inside. */
export const hostileEvent = fc.record(
  {
    eventId: hostileText,
    type,
    state_key: hostileText,
    sender: hostileText,
    room_id: hostileText,
    content: hostileContent,
    prev_events: fc.array(hostileText, { maxLength: 2 }),
    redacts: hostileValue,
    rejected: fc.boolean(),
  },
  { requiredKeys: ['eventId', 'type', 'sender', 'content', 'prev_events'] },
);

// A PDU of any room version, without references, whose forms differ.
const PDU: JsonObject = {
  type: 'm.room.message',
  sender: '@alice:example.org',
  room_id: '!room:example.org',
  event_id: '$a:example.org',
  content: {},
  prev_events: [],
  auth_events: [],
  depth: 1,
  origin_server_ts: 0,
  hashes: { sha256: '' },
  signatures: {},
};

const hostileFields: fc.Arbitrary<JsonObject> = fc.record(
  {
    type: fc.oneof(type, hostileValue),
    sender: hostileValue,
    state_key: hostileValue,
    room_id: hostileValue,
    event_id: hostileValue,
    content: fc.oneof(hostileContent, hostileValue),
    prev_events: hostileValue,
    auth_events: hostileValue,
    depth: hostileValue,
    origin_server_ts: hostileValue,
    hashes: hostileValue,
    signatures: hostileValue,
    unsigned: hostileValue,
  },
  { requiredKeys: [] },
);

/** What looks like a PDU in some or all but one or two of its fields. */
export const hostilePdu: fc.Arbitrary<JsonObject> = fc.oneof(
  hostileFields,
  fc
    .tuple(
      hostileFields,
      fc.array(fc.constantFrom(...Object.keys(PDU), 'unsigned'), { maxLength: 2 }),
    )
    .map(([fields, names]) => ({
      ...PDU,
      ...Object.fromEntries(Object.entries(fields).filter(([name]) => names.includes(name))),
    })),
);

/** Texts that are JSON, nearly JSON, or nothing of the kind. */
export const hostileJsonText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  jsonValue.map((value) => canonicalJson(value)),
  fc
    .tuple(
      jsonValue.map((value) => canonicalJson(value)),
      fc.nat(),
      fc.string({ maxLength: 3 }),
    )
    .map(([text, at, inserted]) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + inserted + text.slice(place);
    }),
  fc
    .array(fc.constantFrom(...'{}[]":,\\ -+.0159eEtrufalsn\u0000'), { maxLength: 30 })
    .map((all) => all.join('')),
  fc.nat({ max: 3000 }).map((depth) => '['.repeat(depth) + '1.5' + ']'.repeat(depth)),
  fc.nat({ max: 5000 }).map((digits) => `[1.${'0'.repeat(digits)}e${'9'.repeat(digits % 400)}]`),
);
