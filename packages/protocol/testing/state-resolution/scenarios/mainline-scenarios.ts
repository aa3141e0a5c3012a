import { ALICE, BEGINNING, BOB, levels, member, topic } from './scenario.ts';
import type { Scenario } from './scenario.ts';

const WITH_BOB = {
  ...BEGINNING,
  levels1: levels(ALICE, { [BOB]: 50 }, ['alice', 'levels0']),
};

/** What is ordered by the mainline: all that is no exercise of power. */
export const mainlineScenarios: readonly Scenario[] = [
  {
    title: 'the topic of the later epoch of power levels wins, whatever the clocks say',
    events: {
      ...WITH_BOB,
      topic1: topic(ALICE, ['alice', 'levels0'], { ts: 300 }),
      topic2: topic(BOB, ['bob', 'levels1'], { ts: 200 }),
      levels2: levels(ALICE, { [BOB]: 60 }, ['alice', 'levels1']),
      topic3: topic(BOB, ['bob', 'levels2'], { ts: 100 }),
    },
    states: [
      ['alice', 'rule0', 'bob', 'levels2', 'topic1'],
      ['alice', 'rule0', 'bob', 'levels2', 'topic2'],
      ['alice', 'rule0', 'bob', 'levels2', 'topic3'],
    ],
    expected: {
      '2': ['alice', 'rule0', 'bob', 'levels2', 'topic3'],
      // No power levels are in conflict, so the mainline is empty and the clocks decide.
      '2.1': ['alice', 'rule0', 'bob', 'levels2', 'topic1'],
    },
  },
  {
    title: 'a mainline made of power levels in conflict orders in both versions',
    events: {
      ...WITH_BOB,
      topic1: topic(ALICE, ['alice', 'levels0'], { ts: 300 }),
      topic2: topic(BOB, ['bob', 'levels1'], { ts: 200 }),
      levels2: levels(ALICE, { [BOB]: 60 }, ['alice', 'levels1']),
      topic3: topic(BOB, ['bob', 'levels2'], { ts: 100 }),
    },
    states: [
      ['alice', 'rule0', 'bob', 'levels0', 'topic1'],
      ['alice', 'rule0', 'bob', 'levels1', 'topic2'],
      ['alice', 'rule0', 'bob', 'levels2', 'topic3'],
    ],
    expected: {
      '1': ['alice', 'rule0', 'bob', 'levels2', 'topic3'],
      '2': ['alice', 'rule0', 'bob', 'levels2', 'topic3'],
      '2.1': ['alice', 'rule0', 'bob', 'levels2', 'topic3'],
    },
  },
  {
    title: 'within an epoch the later clock wins',
    events: {
      ...WITH_BOB,
      topic1: topic(ALICE, ['alice', 'levels1'], { ts: 200 }),
      topic2: topic(BOB, ['bob', 'levels1'], { ts: 100 }),
    },
    states: [
      ['alice', 'rule0', 'bob', 'levels1', 'topic1'],
      ['alice', 'rule0', 'bob', 'levels1', 'topic2'],
    ],
    expected: {
      // Version 1 goes by depth alone.
      '1': ['alice', 'rule0', 'bob', 'levels1', 'topic2'],
      '2': ['alice', 'rule0', 'bob', 'levels1', 'topic1'],
      '2.1': ['alice', 'rule0', 'bob', 'levels1', 'topic1'],
    },
  },
  {
    title: 'the topic of someone who was banned meanwhile goes back to the one before',
    events: {
      ...WITH_BOB,
      topic1: topic(ALICE, ['alice', 'levels0']),
      topic2: topic(BOB, ['bob', 'levels1']),
      ban: member(BOB, 'ban', ['alice', 'levels1', 'bob'], { sender: ALICE }),
    },
    states: [
      ['alice', 'rule0', 'levels1', 'ban', 'topic1'],
      ['alice', 'rule0', 'levels1', 'bob', 'topic2'],
    ],
    expected: {
      '2': ['alice', 'rule0', 'levels1', 'ban', 'topic1'],
      '2.1': ['alice', 'rule0', 'levels1', 'ban', 'topic1'],
    },
  },
  {
    title: 'a topic that only one state has stays if it is allowed',
    events: {
      ...WITH_BOB,
      topic1: topic(BOB, ['bob', 'levels1']),
    },
    states: [
      ['alice', 'rule0', 'bob', 'levels1'],
      ['alice', 'rule0', 'bob', 'levels1', 'topic1'],
    ],
    expected: {
      '1': ['alice', 'rule0', 'bob', 'levels1', 'topic1'],
      '2': ['alice', 'rule0', 'bob', 'levels1', 'topic1'],
      '2.1': ['alice', 'rule0', 'bob', 'levels1', 'topic1'],
    },
  },
];
