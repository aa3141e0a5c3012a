import type { JsonObject, JsonValue } from '../canonical-json.ts';
import { globMatches, globMatchesWords, literalGlob, parseGlob } from '../glob.ts';
import type { Glob } from '../glob.ts';
import { parsePropertyPath, valueAt } from '../property-path.ts';
import { OWN_USER_ID } from './default-rules.ts';
import type { PushCondition } from './types.ts';

/** An event in client or federation format, as far as rules look at it. */
export type PushEvent = {
  type: string;
  sender: string;
  room_id: string;
  content: JsonObject;
  state_key?: string;
};

/** What rules ask about the room, as it is when the event is sent. */
export interface PushRoom {
  /** The number of joined members. */
  readonly memberCount: number;
  /** The power level of the event's sender; asked only where a rule needs it. */
  senderPower(): number;
  /** The power level required to notify by that key: `PowerLevels.notificationLevel`. */
  notificationLevel(key: string): number;
}

/** The user for whom rules are evaluated. */
export interface PushUser {
  readonly userId: string;
  /** The display name in the room; only `contains_display_name` looks at it. */
  readonly displayName?: string;
}

/** What a condition is evaluated on. */
export interface PushQuestion {
  readonly event: PushEvent;
  readonly room: PushRoom;
  readonly user: PushUser | undefined;
  /** What the text is without regard to case. */
  readonly fold: (text: string) => string;
}

/** Folds texts for one evaluation, and the same one, such as the body that many rules look at, only once. */
export function folder(): (text: string) => string {
  let lastText = '';
  let lastFolded = '';
  return (text) => {
    if (text !== lastText) [lastText, lastFolded] = [text, text.toLowerCase()];
    return lastFolded;
  };
}

/** A compiled condition. */
export type ConditionTest = (question: PushQuestion) => boolean;

const never: ConditionTest = () => false;
const MEMBER_COUNT = /^(==|<=|>=|<|>)?([0-9]+)$/;

/**
 * Compiles a condition (spec: Client-Server API, "Conditions"). One that is unknown or malformed never matches.
 *
 * @param ofDefaultRule whether `OWN_USER_ID` stands for the user
 */
export function compileCondition(condition: PushCondition, ofDefaultRule: boolean): ConditionTest {
  const { kind, key, pattern, value, is } = condition;
  switch (kind) {
    case 'event_match':
      if (typeof key !== 'string' || typeof pattern !== 'string') return never;
      if (ofDefaultRule && pattern === OWN_USER_ID) return isOwnUserId(key);
      return eventMatch(key, pattern);
    case 'event_property_is':
      return typeof key === 'string' && isSimple(value) ? propertyIs(key, value) : never;
    case 'event_property_contains':
      if (typeof key !== 'string' || !isSimple(value)) return never;
      if (ofDefaultRule && value === OWN_USER_ID) return containsOwnUserId(key);
      return propertyContains(key, value);
    case 'contains_display_name':
      return containsDisplayName;
    case 'room_member_count':
      return typeof is === 'string' ? memberCount(is) : never;
    case 'sender_notification_permission':
      return typeof key === 'string' ? senderMayNotify(key) : never;
    default:
      return never;
  }
}

/** The condition that a content rule is. */
export function bodyMatches(pattern: string): ConditionTest {
  return eventMatch('content.body', pattern);
}

function eventMatch(key: string, pattern: string): ConditionTest {
  const folded = pattern.toLowerCase();
  const path = parsePropertyPath(key);
  const matches = textTest(folded, key === 'content.body');
  return ({ event, fold }) => {
    const text = valueAt(event, path);
    return typeof text === 'string' && (text === folded || matches(fold(text)));
  };
}

function textTest(pattern: string, inWords: boolean): (text: string) => boolean {
  const glob = parseGlob(pattern);
  if (inWords) return (text) => globMatchesWords(glob, text);
  // Most patterns are event types without a wildcard.
  if (!/[*?]/.test(pattern)) return (text) => text === pattern;
  return (text) => globMatches(glob, text);
}

function isOwnUserId(key: string): ConditionTest {
  const path = parsePropertyPath(key);
  return ({ event, user }) => user !== undefined && valueAt(event, path) === user.userId;
}

function propertyIs(key: string, expected: JsonValue): ConditionTest {
  const path = parsePropertyPath(key);
  return ({ event }) => valueAt(event, path) === expected;
}

function propertyContains(key: string, expected: JsonValue): ConditionTest {
  const path = parsePropertyPath(key);
  return ({ event }) => {
    const list = valueAt(event, path);
    return Array.isArray(list) && list.includes(expected);
  };
}

function containsOwnUserId(key: string): ConditionTest {
  const path = parsePropertyPath(key);
  return ({ event, user }) => {
    const list = user === undefined ? undefined : valueAt(event, path);
    return user !== undefined && Array.isArray(list) && list.includes(user.userId);
  };
}

function containsDisplayName({ event, user, fold }: PushQuestion): boolean {
  const { body } = event.content;
  if (typeof body !== 'string' || user?.displayName === undefined || user.displayName === '') {
    return false;
  }
  const name: Glob = literalGlob(user.displayName.toLowerCase());
  return globMatchesWords(name, fold(body));
}

function memberCount(is: string): ConditionTest {
  const [, operator = '==', digits] = MEMBER_COUNT.exec(is) ?? [];
  if (digits === undefined) return never;
  const count = Number(digits);
  switch (operator) {
    case '<':
      return ({ room }) => room.memberCount < count;
    case '>':
      return ({ room }) => room.memberCount > count;
    case '<=':
      return ({ room }) => room.memberCount <= count;
    case '>=':
      return ({ room }) => room.memberCount >= count;
    default:
      return ({ room }) => room.memberCount === count;
  }
}

function senderMayNotify(key: string): ConditionTest {
  return ({ room }) => room.senderPower() >= room.notificationLevel(key);
}

function isSimple(value: JsonValue | undefined): value is string | number | boolean | null {
  if (typeof value === 'number') return Number.isSafeInteger(value);
  return value === null || typeof value === 'string' || typeof value === 'boolean';
}
