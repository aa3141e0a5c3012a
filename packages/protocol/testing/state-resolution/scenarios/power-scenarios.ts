import { ALICE, BEGINNING, BOB, CAROL, EVE, joinRule, levels, member } from './scenario.ts';
import type { Scenario } from './scenario.ts';

const WITH_BOB = {
  ...BEGINNING,
  levels1: levels(ALICE, { [BOB]: 50 }, ['alice', 'levels0']),
};

/** Conflicts of power: who wins when two exercise it at once. */
export const powerScenarios: readonly Scenario[] = [
  {
    title: 'a ban wins over what the banned moderator does to the power levels meanwhile',
    events: {
      ...WITH_BOB,
      ban: member(BOB, 'ban', ['alice', 'levels1', 'bob'], { sender: ALICE }),
      levels2: levels(BOB, { [BOB]: 50, [CAROL]: 50 }, ['bob', 'levels1']),
    },
    states: [
      ['alice', 'rule0', 'levels1', 'ban'],
      ['alice', 'rule0', 'levels2', 'bob'],
    ],
    expected: {
      '2': ['alice', 'rule0', 'levels1', 'ban'],
      '2.1': ['alice', 'rule0', 'levels1', 'ban'],
    },
  },
  {
    title: 'who joins while the join rule becomes private is out again',
    events: {
      ...WITH_BOB,
      rule1: joinRule(ALICE, 'invite', ['alice', 'levels1']),
      carol: member(CAROL, 'join', ['levels1', 'rule0']),
    },
    states: [
      ['alice', 'levels1', 'rule1', 'bob'],
      ['alice', 'levels1', 'rule0', 'bob', 'carol'],
    ],
    expected: {
      '2': ['alice', 'levels1', 'rule1', 'bob'],
      '2.1': ['alice', 'levels1', 'rule1', 'bob'],
    },
  },
  {
    title: 'power levels that build on each other off to the side are kept in their order',
    events: {
      ...WITH_BOB,
      carol: member(CAROL, 'join', ['levels1', 'rule0']),
      levels2: levels(BOB, { [BOB]: 50, [CAROL]: 50 }, ['bob', 'levels1'], { ts: 90 }),
      levels3: levels(CAROL, { [BOB]: 50, [CAROL]: 25 }, ['carol', 'levels2'], { ts: 80 }),
    },
    states: [
      ['alice', 'rule0', 'bob', 'carol', 'levels1'],
      ['alice', 'rule0', 'bob', 'carol', 'levels3'],
      ['alice', 'rule0', 'bob', 'carol', 'levels2'],
    ],
    expected: {
      '1': ['alice', 'rule0', 'bob', 'carol', 'levels3'],
      '2': ['alice', 'rule0', 'bob', 'carol', 'levels3'],
      '2.1': ['alice', 'rule0', 'bob', 'carol', 'levels3'],
    },
  },
  {
    title: 'the greater power goes first, even when its clock is later',
    events: {
      ...WITH_BOB,
      carol: member(CAROL, 'join', ['levels1', 'rule0']),
      levels2: levels(ALICE, { [BOB]: 60, [CAROL]: 50 }, ['alice', 'levels1']),
      levels3: levels(BOB, { [BOB]: 60, [CAROL]: 0 }, ['bob', 'levels2'], { ts: 70 }),
      levels4: levels(CAROL, { [BOB]: 60, [CAROL]: 50, [EVE]: 50 }, ['carol', 'levels2'], {
        ts: 60,
      }),
    },
    states: [
      ['alice', 'rule0', 'bob', 'carol', 'levels3'],
      ['alice', 'rule0', 'bob', 'carol', 'levels4'],
    ],
    expected: {
      '2': ['alice', 'rule0', 'bob', 'carol', 'levels3'],
      '2.1': ['alice', 'rule0', 'bob', 'carol', 'levels3'],
    },
  },
  {
    title:
      'at the same power the earlier clock goes first, and the later event builds on it if it may',
    events: {
      ...WITH_BOB,
      levels2: levels(ALICE, { [BOB]: 40 }, ['alice', 'levels1'], { ts: 90 }),
      levels3: levels(ALICE, { [BOB]: 30 }, ['alice', 'levels1'], { ts: 80 }),
    },
    states: [
      ['alice', 'rule0', 'bob', 'levels2'],
      ['alice', 'rule0', 'bob', 'levels3'],
    ],
    expected: {
      '2': ['alice', 'rule0', 'bob', 'levels2'],
      '2.1': ['alice', 'rule0', 'bob', 'levels2'],
    },
  },
  {
    title: 'at the same power and time the lower event ID comes first, by code points',
    events: {
      ...WITH_BOB,
      '\u{1F600}': levels(ALICE, { [BOB]: 30 }, ['alice', 'levels1'], { ts: 50 }),
      '\uE000': levels(ALICE, { [BOB]: 20 }, ['alice', 'levels1'], { ts: 50 }),
    },
    states: [
      ['alice', 'rule0', 'bob', '\u{1F600}'],
      ['alice', 'rule0', 'bob', '\uE000'],
    ],
    expected: {
      '2': ['alice', 'rule0', 'bob', '\u{1F600}'],
      '2.1': ['alice', 'rule0', 'bob', '\u{1F600}'],
    },
  },
  {
    title: 'an event that was rejected is allowed if the resolved state allows it',
    events: {
      ...WITH_BOB,
      levels2: levels(BOB, { [BOB]: 40 }, ['bob', 'levels1'], { rejected: true }),
    },
    states: [
      ['alice', 'rule0', 'bob', 'levels1'],
      ['alice', 'rule0', 'bob', 'levels2'],
    ],
    expected: {
      '2': ['alice', 'rule0', 'bob', 'levels2'],
      '2.1': ['alice', 'rule0', 'bob', 'levels2'],
    },
  },
  {
    title: 'an auth event that was rejected lets nobody in',
    events: {
      ...BEGINNING,
      rule1: joinRule(ALICE, 'public', ['alice', 'levels0'], { rejected: true }),
      // That both states have this puts the join rule out of the conflict.
      bob: member(BOB, 'join', ['levels0', 'rule1']),
      carol: member(CAROL, 'join', ['levels0', 'rule1']),
    },
    states: [
      ['alice', 'levels0', 'bob'],
      ['alice', 'levels0', 'bob', 'carol'],
    ],
    expected: { '2': ['alice', 'levels0', 'bob'], '2.1': ['alice', 'levels0', 'bob'] },
  },
];
