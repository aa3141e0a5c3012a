import { ALICE, BEGINNING, BOB, CAROL, EVE, joinRule, levels, member } from './scenario.ts';
import type { Scenario } from './scenario.ts';

const PROMOTIONS = {
  ...BEGINNING,
  carol: member(CAROL, 'join', ['levels0', 'rule0']),
  levels1: levels(ALICE, { [BOB]: 50 }, ['alice', 'levels0']),
  levels2: levels(BOB, { [BOB]: 50, [CAROL]: 50 }, ['bob', 'levels1']),
  eve: member(EVE, 'join', ['levels2', 'rule0']),
  // Lists old power levels, and yet leads to the new ones through Eve's own join.
  rename: member(EVE, 'join', ['levels0', 'rule0', 'eve']),
};

/** The state resets that version 2.1 was made against. */
export const resetScenarios: readonly Scenario[] = [
  {
    title: 'old power levels that lead around to newer ones do not come back',
    events: PROMOTIONS,
    states: [
      ['alice', 'rule0', 'bob', 'carol', 'levels0', 'rename'],
      ['alice', 'rule0', 'bob', 'carol', 'levels2', 'eve'],
    ],
    expected: {
      // levels1 is in both chains and in no state: only the subgraph has it replayed, and levels2 needs it.
      '2': ['alice', 'rule0', 'bob', 'carol', 'levels0', 'rename'],
      '2.1': ['alice', 'rule0', 'bob', 'carol', 'levels2', 'eve'],
    },
  },
  {
    title: 'join rules do not vanish because who set them has left since',
    events: {
      ...BEGINNING,
      levels1: levels(ALICE, { [BOB]: 100 }, ['alice', 'levels0']),
      rule1: joinRule(ALICE, 'invite', ['alice', 'levels1']),
      left: member(ALICE, 'leave', ['levels1', 'alice']),
    },
    states: [
      ['left', 'levels1', 'rule1', 'bob'],
      ['left', 'levels1', 'rule0', 'bob'],
    ],
    expected: {
      '2': ['left', 'levels1', 'bob'],
      '2.1': ['left', 'levels1', 'rule1', 'bob'],
    },
  },
  {
    title: 'what all states share stays, even where the replay would have put something else',
    events: {
      ...BEGINNING,
      levels1: levels(ALICE, { [BOB]: 50 }, ['alice', 'levels0']),
      levels2: levels(ALICE, { [BOB]: 0 }, ['alice', 'levels1']),
      kick: member(CAROL, 'leave', ['bob', 'levels1', 'carol'], { sender: BOB, ts: 90 }),
      carol: member(CAROL, 'join', ['levels1', 'rule0']),
    },
    states: [
      ['alice', 'rule0', 'bob', 'levels2', 'kick'],
      ['alice', 'rule0', 'bob', 'levels2', 'carol'],
    ],
    expected: {
      // Bob has no power by the shared levels; 2.1 authorises the kick by the levels that it lists.
      '2': ['alice', 'rule0', 'bob', 'levels2', 'carol'],
      '2.1': ['alice', 'rule0', 'bob', 'levels2', 'kick'],
    },
  },
];
