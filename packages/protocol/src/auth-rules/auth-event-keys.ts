import { isJsonObject } from '../canonical-json.ts';
import type { RoomVersion } from '../room-versions/types.ts';
import type { AuthEvent } from './types.ts';

/** The type and state key of a state event. */
export type StateKey = readonly [type: string, stateKey: string];

/**
 * Which state events authorise an event, without duplicates: those of them that the room has are its
 * `auth_events` (spec: Server-Server API, "Auth events selection"). A create event has none.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { authEventKeys, roomVersion } from '@soma/protocol';
 *
 * const version = roomVersion('12');
 * assert.ok(version);
 * const message = { type: 'm.room.message', sender: '@alice:example.org', content: {} };
 * assert.deepEqual(authEventKeys(message, version), [
 *   ['m.room.power_levels', ''],
 *   ['m.room.member', '@alice:example.org'],
 * ]);
 * ```
 */
export function authEventKeys(
  event: Pick<AuthEvent, 'type' | 'state_key' | 'sender' | 'content'>,
  version: RoomVersion,
): StateKey[] {
  if (event.type === 'm.room.create') return [];
  const keys: StateKey[] = [
    ['m.room.power_levels', ''],
    ['m.room.member', event.sender],
  ];
  if (version.createIsAuthEvent) keys.push(['m.room.create', '']);
  if (event.type === 'm.room.member') addMemberKeys(keys, event, version);
  return keys;
}

function addMemberKeys(
  keys: StateKey[],
  { state_key: target, sender, content }: Pick<AuthEvent, 'state_key' | 'sender' | 'content'>,
  version: RoomVersion,
): void {
  if (target !== undefined && target !== sender) keys.push(['m.room.member', target]);
  const { membership, join_authorised_via_users_server: authoriser } = content;
  if (membership === 'join' || membership === 'invite' || membership === 'knock') {
    keys.push(['m.room.join_rules', '']);
  }
  if (membership === 'invite') {
    const token = tokenOf(content['third_party_invite']);
    if (token !== undefined) keys.push(['m.room.third_party_invite', token]);
  }
  const isRestricted = membership === 'join' && version.joinRulesForRestricted.length > 0;
  if (isRestricted && typeof authoriser === 'string') {
    if (authoriser !== sender && authoriser !== target) keys.push(['m.room.member', authoriser]);
  }
}

function tokenOf(thirdPartyInvite: unknown): string | undefined {
  const signed = isJsonObject(thirdPartyInvite) ? thirdPartyInvite['signed'] : undefined;
  const token = isJsonObject(signed) ? signed['token'] : undefined;
  return typeof token === 'string' ? token : undefined;
}
