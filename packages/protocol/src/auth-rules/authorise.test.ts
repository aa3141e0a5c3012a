import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createCases } from '../../testing/auth-cases/create-cases.ts';
import { joinCases } from '../../testing/auth-cases/join-cases.ts';
import { membershipCases } from '../../testing/auth-cases/membership-cases.ts';
import { otherCases } from '../../testing/auth-cases/other-cases.ts';
import { powerLevelsCases } from '../../testing/auth-cases/power-levels-cases.ts';
import { thirdPartyCases } from '../../testing/auth-cases/third-party-cases.ts';
import { MOD, REMOTE, STRANGER, USER, roomIdIn, world } from '../../testing/auth-cases/world.ts';
import type { AuthCase } from '../../testing/auth-cases/world.ts';
import { nodeVerify } from '../../testing/node-crypto.ts';
import { knownVersion } from '../../testing/room-versions.ts';
import type { RoomVersion } from '../room-versions/types.ts';
import { authorise } from './authorise.ts';
import type { AuthEvent, AuthEvidence, EventToAuthorise } from './types.ts';

const CASES: readonly AuthCase[] = [
  ...createCases,
  ...joinCases,
  ...membershipCases,
  ...thirdPartyCases,
  ...powerLevelsCases,
  ...otherCases,
];

for (const authCase of CASES) {
  for (const id of authCase.versions ?? ['10', '11', '12']) {
    const rule = authCase.rule[id === '12' ? 1 : 0];
    test(`version ${id}, rule ${rule}: ${authCase.name}`, () => {
      const version = knownVersion(id);
      const { signedBy } = authCase;
      const verdict = authorise(
        complete(authCase.event, version),
        world(version, authCase.state, authCase.senderOf),
        version,
        {
          verify: nodeVerify,
          ...(signedBy === undefined ? {} : { signedBy: (server) => signedBy.includes(server) }),
        },
      );
      assert.deepEqual(
        { rule: verdict.rule, allowed: verdict.allowed },
        { rule, allowed: authCase.allowed },
      );
    });
  }
}

test('every rule that can decide is tripped by a case', () => {
  const tripped = new Set(CASES.map(({ rule }) => rule[1]));
  const expected = [
    ...numbers('1.', 5),
    '2',
    '4',
    ...['5.1', '5.2.1', '5.8'],
    ...['5.3.1', '5.3.2', '5.3.3', '5.3.4', '5.3.6', '5.3.7'],
    ...numbers('5.3.5.', 3),
    ...numbers('5.4.1.', 8),
    ...['5.4.2', '5.4.3', '5.4.4', '5.4.5'],
    ...numbers('5.5.', 5),
    ...numbers('5.6.', 3),
    ...numbers('5.7.', 4),
    ...['6', '7.1', '8', '9'],
    ...numbers('10.', 5),
    ...['10.6.1', '10.6.2', '10.7.1', '10.8.1', '10.9.1', '10.10.1', '10.11'],
    '11',
  ];
  assert.deepEqual(
    expected.filter((rule) => !tripped.has(rule)),
    [],
  );
});

test('without a verifier a third-party invite is rejected', () => {
  const accepted = thirdPartyCases.find(({ allowed }) => allowed);
  assert.ok(accepted);
  const version = knownVersion('11');
  const state = world(version, accepted.state, accepted.senderOf);
  assert.equal(authorise(complete(accepted.event, version), state, version).rule, '4.4.1.8');
});

interface AuthEventsCase {
  readonly name: string;
  readonly rule: readonly [string, string];
  readonly change: (authEvents: AuthEvent[]) => void;
}

// Rule 2 (3 from version 12 on): what an event of USER may list, and what not.
const AUTH_EVENTS_CASES: readonly AuthEventsCase[] = [
  { name: 'what was selected', rule: ['10', '11'], change: () => undefined },
  {
    name: 'the same state twice',
    rule: ['2.1', '3.1'],
    change: (authEvents) => authEvents.push({ ...last(authEvents), eventId: '$another' }),
  },
  {
    name: 'state that was not selected',
    rule: ['2.2', '3.2'],
    change: (authEvents) => authEvents.push({ ...last(authEvents), state_key: MOD }),
  },
  {
    name: 'a message',
    rule: ['2.2', '3.2'],
    change: (authEvents) => {
      const { state_key: _stateKey, ...message } = last(authEvents);
      authEvents.push(message);
    },
  },
  {
    name: 'a rejected event',
    rule: ['2.3', '3.3'],
    change: (authEvents) => authEvents.push({ ...take(authEvents), rejected: true }),
  },
  {
    name: 'an event of another room',
    rule: ['2.5', '3.4'],
    change: (authEvents) => authEvents.push({ ...take(authEvents), room_id: '!other:example.org' }),
  },
];

for (const { name, rule, change } of AUTH_EVENTS_CASES) {
  for (const id of ['10', '11', '12']) {
    test(`version ${id}, auth events: ${name}`, () => {
      const version = knownVersion(id);
      const authEvents = selected(version);
      change(authEvents);
      const verdict = judge(version, { authEvents });
      assert.equal(verdict.rule, rule[id === '12' ? 1 : 0]);
      assert.equal(verdict.allowed, name === 'what was selected');
    });
  }
}

test('the create event must be listed up to version 11 and must not be later', () => {
  const v11 = knownVersion('11');
  const listed = selected(v11).filter(({ type }) => type !== 'm.room.create');
  assert.equal(judge(v11, { authEvents: listed }).rule, '2.4');
  const v12 = knownVersion('12');
  const { create } = world(v12);
  assert.ok(create);
  assert.equal(judge(v12, { authEvents: [...selected(v12), create] }).rule, '3.2');
});

test('a rejected create event carries no room of version 12', () => {
  const version = knownVersion('12');
  const state = world(version);
  const verdict = authorise(
    complete({ type: 'm.room.message', sender: USER }, version),
    {
      get: (type, key) => {
        const event = state.get(type, key);
        return event && type === 'm.room.create' ? { ...event, rejected: true } : event;
      },
    },
    version,
  );
  assert.deepEqual([verdict.allowed, verdict.rule], [false, '2']);
});

test('version 9 takes power levels that are strings, version 5 floats', () => {
  const content = { users: { [MOD]: ' +050 ' }, invite: '50' };
  const invite = {
    type: 'm.room.member',
    sender: MOD,
    state_key: STRANGER,
    content: { membership: 'invite' },
  };
  const levels = { type: 'm.room.power_levels', sender: MOD, state_key: '', content };
  const rulesIn = (id: string, powerLevels = content) => {
    const version = knownVersion(id);
    const state = world(version, { 'm.room.power_levels': powerLevels });
    return [invite, levels].map(
      (event) => authorise(complete(event, version), state, version).rule,
    );
  };
  assert.deepEqual(rulesIn('9'), ['4.4.4', '9.8']);
  assert.deepEqual(rulesIn('6'), ['4.3.4', '9.8']);
  assert.deepEqual(rulesIn('3'), ['5.3.4', '10.8']);
  const float = { users: { [MOD]: 50.9 }, invite: 50.1 };
  const v5 = knownVersion('5');
  const state = world(v5, { 'm.room.power_levels': float });
  assert.equal(authorise(complete(invite, v5), state, v5).rule, '5.3.4');
});

test('versions 3 to 5 authorise aliases by server, version 2 also redactions', () => {
  const aliases = { type: 'm.room.aliases', sender: REMOTE, content: {} };
  const judgeIn = (id: string, event: AuthCase['event']) => {
    const version = knownVersion(id);
    return authorise(complete(event, version), world(version), version);
  };
  assert.equal(judgeIn('5', aliases).rule, '4.1');
  assert.equal(judgeIn('5', { ...aliases, state_key: 'example.org' }).rule, '4.2');
  assert.deepEqual(judgeIn('5', { ...aliases, state_key: 'other.org' }), {
    allowed: true,
    rule: '4.3',
  });
  const redaction = { type: 'm.room.redaction', sender: USER, content: {} };
  const ofSameServer = { ...redaction, eventId: '$a:example.org', redacts: '$b:example.org' };
  assert.equal(judgeIn('2', { ...redaction, sender: MOD }).rule, '11.1');
  assert.equal(judgeIn('2', ofSameServer).rule, '11.2');
  assert.equal(judgeIn('2', { ...ofSameServer, redacts: '$b:other.org' }).rule, '11.3');
  assert.equal(judgeIn('3', { ...ofSameServer, redacts: '$b:other.org' }).rule, '11');
});

function complete(event: AuthCase['event'], version: RoomVersion): EventToAuthorise {
  const roomless = version.roomId === 'create-event' && event.type === 'm.room.create';
  return {
    eventId: '$event',
    prev_events: ['$previous'],
    content: {},
    ...(roomless ? {} : { room_id: roomIdIn(version) }),
    ...event,
  };
}

function judge(version: RoomVersion, evidence: AuthEvidence) {
  const message = complete({ type: 'm.room.message', sender: USER }, version);
  return authorise(message, world(version), version, evidence);
}

function selected(version: RoomVersion): AuthEvent[] {
  const state = world(version);
  return [
    version.createIsAuthEvent ? state.create : undefined,
    state.get('m.room.power_levels', ''),
    state.get('m.room.member', USER),
  ].filter((event) => event !== undefined);
}

function last(events: readonly AuthEvent[]): AuthEvent {
  const event = events.at(-1);
  assert.ok(event);
  return event;
}

function take(events: AuthEvent[]): AuthEvent {
  const event = events.pop();
  assert.ok(event);
  return event;
}

function numbers(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);
}
