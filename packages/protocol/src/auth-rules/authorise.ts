import type { RoomVersion } from '../room-versions/types.ts';
import { AuthContext } from './context.ts';
import { assemble } from './rule.ts';
import { AUTH_RULES } from './rules.ts';
import type { AuthEvidence, AuthState, AuthVerdict, EventToAuthorise } from './types.ts';

const NO_EVIDENCE: AuthEvidence = {};
const ASSEMBLED = new WeakMap<RoomVersion, ReturnType<typeof assemble>>();

/**
 * Decides whether an event is allowed against a set of state (spec: Room Versions, "Authorisation rules").
 * The same call serves local sends, checks 4 to 6 of a received PDU, and state resolution; it never throws.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { authorise, roomVersion } from '@soma/protocol';
 *
 * const version = roomVersion('11');
 * assert.ok(version);
 * const message = {
 *   eventId: '$b',
 *   type: 'm.room.message',
 *   sender: '@bob:example.org',
 *   room_id: '!room:example.org',
 *   content: {},
 *   prev_events: ['$a'],
 * };
 * const create = {
 *   eventId: '$a',
 *   type: 'm.room.create',
 *   state_key: '',
 *   sender: '@alice:example.org',
 *   room_id: '!room:example.org',
 *   content: {},
 * };
 * const state = { get: (type: string) => (type === 'm.room.create' ? create : undefined) };
 * assert.deepEqual(authorise(message, state, version), {
 *   allowed: false,
 *   rule: '5',
 *   reason: 'the sender is not joined',
 * });
 * ```
 */
export function authorise(
  event: EventToAuthorise,
  state: AuthState,
  version: RoomVersion,
  evidence: AuthEvidence = NO_EVIDENCE,
): AuthVerdict {
  const verdict = rulesOf(version)(new AuthContext(event, state, version, evidence));
  // The table ends with "otherwise, allow", so every event meets a rule that decides.
  return verdict ?? { allowed: false, rule: '', reason: 'no rule decided' };
}

function rulesOf(version: RoomVersion): ReturnType<typeof assemble> {
  let rules = ASSEMBLED.get(version);
  if (rules === undefined) {
    rules = assemble(AUTH_RULES, version);
    ASSEMBLED.set(version, rules);
  }
  return rules;
}
