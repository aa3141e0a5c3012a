import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import fc from 'fast-check';

import { packageExports } from '../testing/documentation/package-exports.ts';
import { hostileJson, hostileObject, hostileText } from '../testing/hostile-json.ts';
import type { JsonObject, JsonValue } from './canonical-json.ts';
import * as protocol from './index.ts';
import type { PushEvent, PushRoom, PushRuleChanges } from './index.ts';

/** What a call is given; all of it comes from outside. */
interface Input {
  readonly value: JsonValue;
  readonly text: string;
  readonly other: string;
  readonly event: PushEvent & JsonObject;
  readonly filter: JsonObject;
  readonly rule: JsonObject;
  readonly stored: JsonObject;
}

const conditionKinds = [
  'event_match',
  'event_property_is',
  'event_property_contains',
  'contains_display_name',
  'room_member_count',
  'sender_notification_permission',
  'org.example.unknown',
];
const condition = fc
  .tuple(fc.constantFrom(...conditionKinds), hostileObject(['key', 'pattern', 'value', 'is']))
  .map(([kind, rest]): JsonObject => ({ key: 'content.body', ...rest, kind }));
const rule = fc
  .tuple(
    hostileObject(['rule_id', 'pattern', 'enabled', 'actions']),
    fc.array(condition, { maxLength: 3 }),
  )
  .map(([rest, conditions]): JsonObject => ({
    rule_id: 'mine',
    actions: ['notify'],
    conditions,
    ...rest,
  }));
const filter = fc
  .tuple(
    hostileObject(['event_fields', 'event_format', 'presence', 'room']),
    hostileObject([
      'limit',
      'types',
      'not_types',
      'senders',
      'not_senders',
      'rooms',
      'contains_url',
    ]),
  )
  .map(([outer, inner]): JsonObject => ({ ...inner, room: { timeline: inner }, ...outer }));
const event = fc
  .tuple(
    hostileText,
    hostileText,
    hostileObject([
      'body',
      'url',
      'm.mentions',
      'm.relates_to',
      'history_visibility',
      'allow',
      'deny',
    ]),
  )
  .map(([type, text, content]) => ({
    type,
    sender: text,
    room_id: text,
    content,
    state_key: type,
  }));
const input: fc.Arbitrary<Input> = fc
  .record({ value: hostileJson, text: hostileText, other: hostileText, event, filter, rule })
  .map((made) => ({
    ...made,
    stored: { custom: { override: [made.rule], content: [made.rule] } },
  }));

const room: PushRoom = { memberCount: 3, senderPower: () => 0, notificationLevel: () => 50 };
const changesOf = ({ stored }: Input): PushRuleChanges => protocol.parsePushRuleChanges(stored);

const calls: Record<string, (input: Input) => unknown> = {
  problem: ({ text }) => protocol.problem('M_UNKNOWN', text),
  exceedsBytes: ({ text }) => protocol.exceedsBytes(text, 255),
  isOpaqueIdentifier: ({ text }) => protocol.isOpaqueIdentifier(text),
  isRoomVersionId: ({ text }) => protocol.isRoomVersionId(text),
  utf8Length: ({ text }) => protocol.utf8Length(text),
  parseEventId: ({ value }) => protocol.parseEventId(value),
  parseRoomAlias: ({ value }) => protocol.parseRoomAlias(value),
  parseRoomId: ({ value }) => protocol.parseRoomId(value),
  parseServerName: ({ value }) => protocol.parseServerName(value),
  parseUserId: ({ value }) => protocol.parseUserId(value),
  parseNewUserId: ({ value }) => protocol.parseNewUserId(value),
  isCompliantUserId: withUserId(protocol.isCompliantUserId),
  localpart: withUserId(protocol.localpart),
  serverNameOf: withUserId((userId) => protocol.serverNameOf(userId)),
  newUserId: ({ text, value }) => {
    const serverName = protocol.parseServerName(value);
    return serverName === undefined ? undefined : protocol.newUserId(text, serverName);
  },
  hostOf: ({ text }) => protocol.hostOf(text),
  isIpLiteral: ({ text }) => protocol.isIpLiteral(text),
  parseGlob: ({ text }) => protocol.parseGlob(text),
  globMatches: ({ text, other }) => protocol.globMatches(protocol.parseGlob(text), other),
  parsePropertyPath: ({ text }) => protocol.parsePropertyPath(text),
  valueAt: ({ event: object, text }) => protocol.valueAt(object, protocol.parsePropertyPath(text)),
  historyVisibilityOf: ({ event: { content } }) => protocol.historyVisibilityOf(content),
  maySeeEvent: ({ event: { content }, text }) => {
    const visibility = protocol.historyVisibilityOf(content);
    const membership = { before: text, after: 'join' };
    return protocol.maySeeEvent({ visibility, membership, joinedLater: false });
  },
  compileServerAcl: ({ event: { content }, text }) => protocol.compileServerAcl(content)(text),
  parseSyncFilter: ({ filter: json, value }) =>
    [json, value].map((candidate) => protocol.parseSyncFilter(candidate)),
  parseRoomEventFilter: ({ value }) => protocol.parseRoomEventFilter(value),
  matchesEvent: ({ filter: json, event: subject }) => {
    const parsed = protocol.parseRoomEventFilter(json);
    return parsed.ok && protocol.matchesEvent(parsed.filter, subject);
  },
  matchesRoom: ({ filter: json, text }) => {
    const parsed = protocol.parseRoomEventFilter(json);
    return parsed.ok && protocol.matchesRoom(parsed.filter, text);
  },
  selectFields: ({ event: subject, text, other }) =>
    protocol.selectFields(
      [text, other, `content.${text}`].map(protocol.parsePropertyPath),
      subject,
    ),
  isPushRuleKind: ({ text }) => protocol.isPushRuleKind(text),
  parsePushRuleChanges: ({ stored, value }) =>
    [stored, value].map((candidate) => protocol.parsePushRuleChanges(candidate)),
  compileRules: (given) => protocol.compileRules(changesOf(given)),
  evaluatePushRules: (given) => {
    const user = { userId: given.text, displayName: given.other };
    return protocol.evaluatePushRules(
      protocol.compileRules(changesOf(given)),
      given.event,
      room,
      user,
    );
  },
  namedUsers: ({ event: subject }) => protocol.namedUsers(subject),
  narrowToRoom: (given) => protocol.narrowToRoom(changesOf(given), given.text),
  pushRulesKey: (given) => protocol.pushRulesKey(changesOf(given)),
  findPushRule: (given) =>
    protocol.findPushRule(changesOf(given), 'override', given.text, given.other),
  rulesetFor: (given) => protocol.rulesetFor(changesOf(given), given.text),
  deletePushRule: (given) => protocol.deletePushRule(changesOf(given), 'override', given.text),
  putPushRule: (given) =>
    protocol.putPushRule(changesOf(given), 'override', given.text, given.rule, {
      after: given.other,
    }),
  setPushRuleActions: (given) =>
    protocol.setPushRuleActions(changesOf(given), 'override', 'mine', given.value),
  setPushRuleEnabled: (given) =>
    protocol.setPushRuleEnabled(changesOf(given), 'override', given.text, given.value),
};

for (const [name, call] of Object.entries(calls)) {
  test(`${name} takes anything and does not throw`, () => {
    fc.assert(
      fc.property(input, (given) => void call(given)),
      { numRuns: 300 },
    );
  });
}

test('every function of these areas is called', () => {
  const areas = [
    'errors.ts',
    'filters/',
    'glob.ts',
    'history-visibility.ts',
    'identifiers.ts',
    'property-path.ts',
    'push-rules/',
    'server-acl.ts',
    'server-name.ts',
  ];
  const index = fileURLToPath(new URL('./index.ts', import.meta.url));
  const functions = packageExports(index)
    .filter(({ file }) => areas.some((path) => file.startsWith(path)))
    .map(({ name }) => name)
    .filter((name) => typeof Reflect.get(protocol, name) === 'function');
  assert.deepEqual(Object.keys(calls).toSorted(), functions.toSorted());
});

function withUserId(call: (userId: protocol.UserId) => unknown): (given: Input) => unknown {
  return ({ text, value }) =>
    [text, value].map((candidate) => {
      const userId = protocol.parseUserId(candidate);
      return userId === undefined ? undefined : call(userId);
    });
}
