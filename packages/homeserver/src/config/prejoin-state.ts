import { convert, listOf, object } from './schema/compounds.ts';
import { option } from './schema/option.ts';
import { flag } from './schema/scalars.ts';
import { describeFound } from './schema/site.ts';
import type { ValueType } from './schema/value-type.ts';

export type StateEntry = readonly [type: string, stateKey: string];

/** Which state someone invited or knocking is shown of a room (CS API, "Stripped state"). */
export interface PrejoinState {
  readonly entries: readonly StateEntry[];
  /** Types of which every state key is shown. */
  readonly types: readonly string[];
}

/** What the specification recommends beside the create event. */
const RECOMMENDED: readonly StateEntry[] = [
  ['m.room.name', ''],
  ['m.room.avatar', ''],
  ['m.room.topic', ''],
  ['m.room.join_rules', ''],
  ['m.room.canonical_alias', ''],
  ['m.room.encryption', ''],
];

export const RECOMMENDED_PREJOIN_STATE: PrejoinState = prejoinState(true, []);

function prejoinState(
  isRecommended: boolean,
  added: readonly (string | StateEntry)[],
): PrejoinState {
  return {
    entries: [
      ['m.room.create', ''],
      ...(isRecommended ? RECOMMENDED : []),
      ...added.filter((each) => typeof each !== 'string'),
    ],
    types: added.filter((each) => typeof each === 'string'),
  };
}

/** A type, or a type and a state key. */
const stateEntry: ValueType<string | StateEntry> = {
  expected: 'an event type, or a list of an event type and a state key',
  jsonSchema: { type: ['string', 'array'] },
  read(value, site) {
    if (typeof value === 'string' && value !== '') return value;
    if (Array.isArray(value) && value.length === 2) {
      const [type, stateKey]: unknown[] = value;
      if (typeof type === 'string' && typeof stateKey === 'string') return [type, stateKey];
    }
    return site.refuse(stateEntry.expected, describeFound(value));
  },
};

export const prejoin = convert(
  object({
    isRecommendedHidden: option({
      name: 'disable_default_event_types',
      valueType: flag,
      default: false,
      description:
        'Whether the name, picture, topic, join rules, canonical alias and encryption of a room are left out.',
    }),
    added: option({
      name: 'additional_event_types',
      valueType: listOf(stateEntry),
      default: [],
      description:
        'State to show as well: a type, whatever its state keys, or a list of a type and a state key.',
    }),
  }),
  ({ isRecommendedHidden, added }) => prejoinState(!isRecommendedHidden, added),
);
