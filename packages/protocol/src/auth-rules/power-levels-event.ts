import { isJsonObject } from '../canonical-json.ts';
import type { JsonObject } from '../canonical-json.ts';
import { parseUserId } from '../identifiers.ts';
import type { AuthContext } from './context.ts';
import { SINGLE_LEVELS, levelMap, parseLevel } from './power-level-values.ts';
import { creatorsOf } from './power-levels.ts';
import { otherwiseAllow, reject, rejectContent } from './rule.ts';
import type { Outcome, RuleGroup } from './rule.ts';
import type { AuthState } from './types.ts';

/** If type is `m.room.power_levels`. */
export const powerLevelsEvent: RuleGroup = {
  when: ({ event }) => event.type === 'm.room.power_levels',
  rules: [
    { in: ({ powerLevels }) => powerLevels === 'integers', check: rejectBadSingles },
    { in: ({ powerLevels }) => powerLevels === 'integers', check: rejectBadMaps },
    { check: rejectBadUsers },
    { in: ({ creatorsHaveInfinitePower }) => creatorsHaveInfinitePower, check: rejectCreators },
    { check: ({ state }) => (state.get('m.room.power_levels', '') ? undefined : 'allow') },
    {
      when: () => true,
      rules: [
        {
          check: (context) =>
            rejectHigher(context, singleChanges(context), 'before', 'changed from'),
        },
        { check: (context) => rejectHigher(context, singleChanges(context), 'after', 'set to') },
      ],
    },
    {
      when: () => true,
      rules: [
        {
          check: (context) => rejectHigher(context, mapChanges(context), 'before', 'changed from'),
        },
      ],
    },
    {
      when: () => true,
      rules: [
        { check: (context) => rejectHigher(context, mapChanges(context), 'after', 'set to') },
      ],
    },
    { when: () => true, rules: [{ check: rejectPeers }] },
    {
      when: () => true,
      rules: [
        {
          check: (context) => rejectHigher(context, changesIn(context, 'users'), 'after', 'set to'),
        },
      ],
    },
    otherwiseAllow,
  ],
};

interface LevelChange {
  readonly name: string;
  readonly before: number | undefined;
  readonly after: number | undefined;
}

function rejectBadSingles({ event: { content }, version }: AuthContext): Outcome {
  for (const name of SINGLE_LEVELS) {
    if (Object.hasOwn(content, name) && parseLevel(content[name], version) === undefined) {
      return rejectContent(`${name} is not an integer`);
    }
  }
  return undefined;
}

function rejectBadMaps({ event: { content }, version }: AuthContext): Outcome {
  for (const name of version.authorisedLevelMaps) {
    if (!Object.hasOwn(content, name)) continue;
    const levels = content[name];
    const isMapOfLevels =
      isJsonObject(levels) &&
      Object.values(levels).every((level) => parseLevel(level, version) !== undefined);
    if (!isMapOfLevels) return rejectContent(`${name} is not an object of integers`);
  }
  return undefined;
}

function rejectBadUsers({ event: { content }, version }: AuthContext): Outcome {
  if (!Object.hasOwn(content, 'users')) return undefined;
  const { users } = content;
  if (!isJsonObject(users)) return rejectContent('users is not an object');
  for (const [userId, level] of Object.entries(users)) {
    if (parseUserId(userId) === undefined || parseLevel(level, version) === undefined) {
      return rejectContent('users has a key that is no user ID or a value that is no level');
    }
  }
  return undefined;
}

function rejectCreators({ event: { content }, create, version }: AuthContext): Outcome {
  const users = levelMap(content, 'users');
  const creators = create === undefined ? [] : creatorsOf(create, version);
  const named = creators.find((userId) => Object.hasOwn(users, userId));
  return named === undefined ? undefined : rejectContent(`users lists the creator ${named}`);
}

function rejectHigher(
  { senderLevel }: AuthContext,
  changes: readonly LevelChange[],
  side: 'before' | 'after',
  what: string,
): Outcome {
  for (const change of changes) {
    const level = change[side];
    if (level !== undefined && level > senderLevel) {
      return reject(`${change.name} is ${what} a level above the sender's`);
    }
  }
  return undefined;
}

// Nobody changes the level of someone who is at least as high, except their own.
function rejectPeers(context: AuthContext): Outcome {
  const { event, senderLevel } = context;
  for (const { name, before } of changesIn(context, 'users')) {
    if (name !== event.sender && before !== undefined && before >= senderLevel) {
      return reject(`${name} is at least as high as the sender`);
    }
  }
  return undefined;
}

function singleChanges({ event, state, version }: AuthContext): LevelChange[] {
  return changesBetween(levelsBefore(state), event.content, SINGLE_LEVELS, version);
}

function mapChanges(context: AuthContext): LevelChange[] {
  return context.version.authorisedLevelMaps.flatMap((map) => changesIn(context, map));
}

function changesIn({ event, state, version }: AuthContext, map: string): LevelChange[] {
  const before = levelMap(levelsBefore(state), map);
  const after = levelMap(event.content, map);
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return changesBetween(before, after, names, version);
}

function levelsBefore(state: AuthState): JsonObject {
  return state.get('m.room.power_levels', '')?.content ?? {};
}

function changesBetween(
  before: JsonObject,
  after: JsonObject,
  names: Iterable<string>,
  version: AuthContext['version'],
): LevelChange[] {
  const changes: LevelChange[] = [];
  for (const name of names) {
    const change = { name, before: own(before, name), after: own(after, name) };
    if (change.before !== change.after) changes.push(change);
  }
  return changes;

  function own(levels: JsonObject, name: string): number | undefined {
    return Object.hasOwn(levels, name) ? parseLevel(levels[name], version) : undefined;
  }
}
