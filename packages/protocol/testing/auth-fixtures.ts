import { readFileSync } from 'node:fs';

import { authEventKeys } from '../src/auth-rules/auth-event-keys.ts';
import type { AuthEvent, EventToAuthorise } from '../src/auth-rules/types.ts';
import { supportedRoomVersions } from '../src/room-versions/room-version.ts';
import type { RoomVersion } from '../src/room-versions/types.ts';
import { AUTH_CASES } from './auth-cases/cases.ts';
import type { AuthCase } from './auth-cases/world.ts';
import { complete, stateOf, worldEvents } from './auth-cases/world.ts';
import { knownVersion } from './room-versions.ts';

/** One fixture of the auth rules: an event, the state it meets, and what the spec says of it. */
export interface AuthFixture {
  readonly title: string;
  readonly event: EventToAuthorise;
  /** What differs from the state in `room.json`: added or replaced events, and `type|state key` of those taken away. */
  readonly state: { readonly put: readonly AuthEvent[]; readonly without: readonly string[] };
  /** The events that the event lists in `auth_events`; absent where the rules about them are left out. */
  readonly auth_events?: readonly AuthEvent[];
  /** The servers that signed the event; absent where that is not checked. */
  readonly signed_by?: readonly string[];
  readonly verdict: { readonly allowed: boolean; readonly rule: string };
}

/** Where the fixtures lie. */
export const AUTH_FIXTURES = new URL('../fixtures/auth-rules/', import.meta.url);

/** The numbered rules of each room version that decide something, with a key that is the same in all versions. */
export const SPEC_RULES: Readonly<Record<string, Readonly<Record<string, string>>>> = JSON.parse(
  readFileSync(new URL('rules.json', AUTH_FIXTURES), 'utf8'),
);

/** Rules that end a list: they can only allow or only reject, since what they do not decide never reaches them. */
export function isOneSided(key: string): boolean {
  return key.endsWith('otherwise') || key === 'member-unknown';
}

/** The fixture files by their path below `AUTH_FIXTURES`. */
export function authFixtureFiles(): Map<string, string> {
  const files = new Map<string, string>();
  for (const id of supportedRoomVersions()) {
    const version = knownVersion(id);
    files.set(`v${id}/room.json`, text(worldEvents(version)));
    const cases = casesIn(id);
    for (const [rule, key] of Object.entries(SPEC_RULES[id] ?? {})) {
      for (const side of ['passes', 'fails'] as const) {
        const found = casesOf(rule, key, side, cases);
        if (found.length === 0) continue;
        const fixtures = found.map((each) => makeFixture(each, version));
        files.set(`v${id}/${rule}/${side}.json`, text(fixtures));
      }
    }
  }
  return files;
}

interface NumberedCase {
  readonly authCase: AuthCase;
  readonly decidedBy: string;
}

function casesIn(id: string): NumberedCase[] {
  const numberOf = new Map(Object.entries(SPEC_RULES[id] ?? {}).map(([rule, key]) => [key, rule]));
  return AUTH_CASES.flatMap((authCase) => {
    const decidedBy = numberOf.get(authCase.rule);
    const { from = 1, to = Infinity } = authCase;
    const isIn = Number(id) >= from && Number(id) <= to;
    return decidedBy === undefined || !isIn ? [] : [{ authCase, decidedBy }];
  });
}

/**
 * The cases that a rule decides on that side; where there is none, one that met the rule, was not decided by it, and has
 * that verdict from a later rule.
 */
function casesOf(
  rule: string,
  key: string,
  side: 'passes' | 'fails',
  cases: readonly NumberedCase[],
): NumberedCase[] {
  const ofSide = cases.filter(({ authCase }) => authCase.allowed === (side === 'passes'));
  const decided = ofSide.filter(({ decidedBy }) => decidedBy === rule);
  if (decided.length > 0 || isOneSided(key)) return decided;
  const found =
    ofSide.find(({ authCase }) => authCase.also?.includes(key)) ??
    ofSide.find((each) => hasMet(rule, key, each));
  return found === undefined ? [] : [found];
}

/** The groups of rules about changes of levels, which apply to all power levels. */
const CHANGE_RULES = /^(single|map|users)-(before|after)$/;

function hasMet(rule: string, key: string, { authCase, decidedBy }: NumberedCase): boolean {
  if (key.startsWith('auth-')) {
    return authCase.authEvents !== undefined && authCase.rule === 'otherwise';
  }
  const parts = rule.split('.').map(Number);
  // The place in the list that both are in.
  const place = CHANGE_RULES.test(key) ? 1 : parts.length - 1;
  const later = decidedBy.split('.').map(Number);
  return (
    parts.slice(0, place).every((part, index) => part === later[index]) &&
    (later[place] ?? 0) > (parts[place] ?? 0)
  );
}

function makeFixture({ authCase, decidedBy }: NumberedCase, version: RoomVersion): AuthFixture {
  const { name, state = {}, senderOf, allowed, signedBy } = authCase;
  const changed = worldEvents(version, state, senderOf);
  const isChanged = (event: AuthEvent) =>
    [`${event.type}|${event.state_key}`, event.type].some((place) => Object.hasOwn(state, place));
  const event = complete(authCase.event, version);
  return {
    title: name,
    event,
    state: {
      put: changed.filter(isChanged),
      without: Object.keys(state)
        .filter((place) => state[place] === null)
        .map((place) => (place.includes('|') ? place : `${place}|`)),
    },
    ...(authCase.authEvents && {
      auth_events: listed(authCase.authEvents, event, changed, version),
    }),
    ...(signedBy && { signed_by: signedBy }),
    verdict: { allowed, rule: decidedBy },
  };
}

function listed(
  change: NonNullable<AuthCase['authEvents']>,
  event: EventToAuthorise,
  events: readonly AuthEvent[],
  version: RoomVersion,
): AuthEvent[] {
  const state = stateOf(events);
  const selected = authEventKeys(event, version).flatMap(
    ([type, key]) => state.get(type, key) ?? [],
  );
  const create = state.get('m.room.create', '');
  return create === undefined ? [] : change(selected, create);
}

// An entry per line.
function text(entries: readonly unknown[]): string {
  return `[\n${entries.map((entry) => JSON.stringify(entry)).join(',\n')}\n]\n`;
}
