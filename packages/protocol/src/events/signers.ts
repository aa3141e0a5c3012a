import { isJsonObject } from '../canonical-json.ts';
import { parseUserId, serverNameOf } from '../identifiers.ts';
import type { ServerName } from '../identifiers.ts';
import type { RoomVersion } from '../room-versions/types.ts';
import type { Pdu } from './types.ts';

/**
 * The servers that must have signed an event before it may be looked at further: the sender's, except where the
 * event is a third-party invite (then its `signed` block vouches for it), and the one that let a restricted join
 * in, which also settles auth rule 4.2.1 (5.2.1 from version 12 on).
 * Spec: Server-Server API, "Validating hashes and signatures on received events".
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { requiredSigners, roomVersion } from '@soma/protocol';
 *
 * const version = roomVersion('11');
 * assert.ok(version);
 * const join = {
 *   auth_events: [],
 *   content: { membership: 'join', join_authorised_via_users_server: '@bob:other.org' },
 *   depth: 1,
 *   hashes: { sha256: 'x' },
 *   origin_server_ts: 0,
 *   prev_events: [],
 *   sender: '@alice:example.org',
 *   signatures: {},
 *   state_key: '@alice:example.org',
 *   type: 'm.room.member',
 * };
 * assert.deepEqual(requiredSigners(join, version), ['example.org', 'other.org']);
 * ```
 */
export function requiredSigners(pdu: Pdu, version: RoomVersion): ServerName[] {
  const servers = new Set<ServerName>();
  const sender = parseUserId(pdu.sender);
  if (sender !== undefined && !isThirdPartyInvite(pdu)) servers.add(serverNameOf(sender));
  const authoriser = authorisingUser(pdu, version);
  if (authoriser !== undefined) servers.add(serverNameOf(authoriser));
  return [...servers];
}

function isThirdPartyInvite({ type, content }: Pdu): boolean {
  return (
    type === 'm.room.member' &&
    content['membership'] === 'invite' &&
    isJsonObject(content['third_party_invite'])
  );
}

function authorisingUser({ type, content }: Pdu, version: RoomVersion) {
  if (version.joinRulesForRestricted.length === 0 || type !== 'm.room.member') return undefined;
  if (content['membership'] !== 'join') return undefined;
  return parseUserId(content['join_authorised_via_users_server']);
}
