import { ALICE, BEGINNING, BOB, CAROL, joinRule, levels, member, topic } from './scenario.ts';
import type { Scenario } from './scenario.ts';

const WITH_BOB = {
  ...BEGINNING,
  levels1: levels(ALICE, { [BOB]: 50 }, ['alice', 'levels0']),
};

/** The algorithm of room version 1, which goes by depth. */
export const depthScenarios: readonly Scenario[] = [
  {
    title: 'power levels are taken in order of depth until one is not allowed by the one before',
    events: {
      ...WITH_BOB,
      levels2: levels(ALICE, { [BOB]: 0 }, ['alice', 'levels1'], { depth: 10 }),
      levels3: levels(BOB, { [BOB]: 40 }, ['bob', 'levels1'], { depth: 11 }),
      levels4: levels(ALICE, { [BOB]: 30 }, ['alice', 'levels1'], { depth: 12 }),
    },
    states: [
      ['alice', 'rule0', 'bob', 'levels2'],
      ['alice', 'rule0', 'bob', 'levels3'],
      ['alice', 'rule0', 'bob', 'levels4'],
    ],
    expected: { '1': ['alice', 'rule0', 'bob', 'levels2'] },
  },
  {
    title: 'at the same depth the event with the lower SHA-1 comes last and wins',
    events: {
      ...WITH_BOB,
      // SHA-1 of the event IDs: topic1 eb…, topic2 6a….
      topic1: topic(ALICE, ['alice', 'levels1'], { depth: 10 }),
      topic2: topic(BOB, ['bob', 'levels1'], { depth: 10 }),
    },
    states: [
      ['alice', 'rule0', 'bob', 'levels1', 'topic1'],
      ['alice', 'rule0', 'bob', 'levels1', 'topic2'],
    ],
    expected: { '1': ['alice', 'rule0', 'bob', 'levels1', 'topic2'] },
  },
  {
    title: 'memberships are resolved by the join rules that were resolved before',
    events: {
      ...WITH_BOB,
      carol: member(CAROL, 'leave', ['levels1'], { depth: 10 }),
      rule1: joinRule(ALICE, 'invite', ['alice', 'levels1'], { depth: 11 }),
      back: member(CAROL, 'join', ['levels1', 'rule0', 'carol'], { depth: 12 }),
    },
    states: [
      ['alice', 'levels1', 'rule1', 'bob', 'carol'],
      ['alice', 'levels1', 'rule0', 'bob', 'back'],
    ],
    expected: { '1': ['alice', 'levels1', 'rule1', 'bob', 'carol'] },
  },
  {
    title: 'when no topic is allowed the one with the least depth stays',
    events: {
      ...WITH_BOB,
      topic1: topic(CAROL, ['levels1'], { depth: 10 }),
      topic2: topic(CAROL, ['levels1'], { depth: 11 }),
    },
    states: [
      ['alice', 'rule0', 'bob', 'levels1', 'topic1'],
      ['alice', 'rule0', 'bob', 'levels1', 'topic2'],
    ],
    expected: { '1': ['alice', 'rule0', 'bob', 'levels1', 'topic1'] },
  },
  {
    title: 'a deep topic that is not allowed gives way to the next',
    events: {
      ...WITH_BOB,
      topic1: topic(BOB, ['bob', 'levels1'], { depth: 10 }),
      topic2: topic(CAROL, ['levels1'], { depth: 11 }),
    },
    states: [
      ['alice', 'rule0', 'bob', 'levels1', 'topic1'],
      ['alice', 'rule0', 'bob', 'levels1', 'topic2'],
    ],
    expected: { '1': ['alice', 'rule0', 'bob', 'levels1', 'topic1'] },
  },
];
