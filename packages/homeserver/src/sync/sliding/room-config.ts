/** Wanted state: type → state keys, both as the client names them, with `$ME` already put in words. */
export type RequiredState = ReadonlyMap<string, ReadonlySet<string>>;

/** What of a room is wanted. */
export interface RoomConfig {
  readonly timelineLimit: number;
  readonly requiredState: RequiredState;
}

export const ANY = '*';
const LAZY = '$LAZY';
const ME = '$ME';
export const MEMBER = 'm.room.member';

/** What a list or a subscription asks for. */
export interface RoomParameters {
  readonly timelineLimit: number;
  readonly requiredState: readonly (readonly [type: string, stateKey: string])[];
}

export function roomConfig(
  { timelineLimit, requiredState }: RoomParameters,
  userId: string,
): RoomConfig {
  const wanted = new Map<string, Set<string>>();
  for (const [type, key] of requiredState) add(wanted, type, key === ME ? userId : key);
  return { timelineLimit, requiredState: wanted };
}

/** A room that several lists and subscriptions show has what any of them wants. */
export function mergeConfigs(one: RoomConfig, other: RoomConfig): RoomConfig {
  return {
    timelineLimit: Math.max(one.timelineLimit, other.timelineLimit),
    requiredState: mergeRequired(one.requiredState, other.requiredState),
  };
}

export function mergeRequired(one: RequiredState, other: RequiredState): RequiredState {
  const merged = new Map([...one].map(([type, keys]) => [type, new Set(keys)]));
  for (const [type, keys] of other) for (const key of keys) add(merged, type, key);
  return merged;
}

/** What of `wanted` is not in `known`. */
export function addedState(wanted: RequiredState, known: RequiredState): RequiredState {
  if (wanted === known) return NOTHING;
  const added = new Map<string, Set<string>>();
  for (const [type, keys] of wanted) {
    for (const key of keys) if (known.get(type)?.has(key) !== true) add(added, type, key);
  }
  return added;
}

/** Whether members are wanted as the timeline speaks of them (CS API, "Lazy-loading room members"). */
export function isLazy(required: RequiredState): boolean {
  return required.get(MEMBER)?.has(LAZY) === true;
}

/** Whether the entry is wanted, whoever the timeline speaks of. */
export function isRequired(required: RequiredState, type: string, stateKey: string): boolean {
  const keys = required.get(type);
  if (keys?.has(stateKey) === true || keys?.has(ANY) === true) return true;
  const ofAny = required.get(ANY);
  if (ofAny === undefined) return false;
  return ofAny.has(stateKey) || (ofAny.has(ANY) && !(type === MEMBER && isLazy(required)));
}

/** Whether all members are wanted, whoever they are. */
export function wantsAllMembers(required: RequiredState): boolean {
  if (required.get(MEMBER)?.has(ANY) === true) return true;
  return required.get(ANY)?.has(ANY) === true && !isLazy(required);
}

const NOTHING: RequiredState = new Map();

function add(wanted: Map<string, Set<string>>, type: string, key: string): void {
  const keys = wanted.get(type);
  if (keys === undefined) wanted.set(type, new Set([key]));
  else keys.add(key);
}
