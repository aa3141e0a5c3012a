import { globMatches, isJsonObject, parseGlob, parseUserId, serverNameOf } from '@soma/protocol';
import type { JsonValue } from '@soma/protocol';

import { GLOBAL, readAccountDataEntry } from '../accounts/account-data-store.ts';
import { MatrixError } from '../errors/matrix-error.ts';
import type { Rooms } from '../rooms/rooms.ts';
import type { Reader } from '../storage/sql.ts';

/** The account data of MSC4155, which sorts invitations by who sends them. */
const FILTER_TYPE = 'org.matrix.msc4155.invite_permission_config';
/** No ID is longer, and so no pattern that matches one needs to be. */
const PATTERN_LENGTH_MAX = 255;
const PATTERNS_MAX = 1_000;

/** What becomes of an invitation: `ignore` lets it come, but tells the user nothing. */
export type InvitePermission = 'allow' | 'ignore' | 'block';

/**
 * What a user of this server wants of an invitation from somebody (CS API, "Invite permission", and MSC4155). The
 * first list that names the inviter decides, users before servers.
 */
export async function invitePermission(
  reader: Reader,
  userNid: number,
  inviterId: string,
): Promise<InvitePermission> {
  const config = await readConfig(reader, userNid, 'm.invite_permission_config');
  if (config['default_action'] === 'block') return 'block';
  const filter = await readConfig(reader, userNid, FILTER_TYPE);
  const inviter = parseUserId(inviterId);
  if (inviter === undefined || filter['enabled'] === false) return 'allow';
  const names = { users: inviterId, servers: serverNameOf(inviter) };
  for (const kind of ['users', 'servers'] as const) {
    if (isNamed(filter[`allowed_${kind}`], names[kind])) return 'allow';
    if (isNamed(filter[`ignored_${kind}`], names[kind])) return 'ignore';
    if (isNamed(filter[`blocked_${kind}`], names[kind])) return 'block';
  }
  return 'allow';
}

/** Throws `403 M_INVITE_BLOCKED`. */
export async function checkInvitePermission(
  rooms: Rooms,
  userId: string,
  inviterId: string,
): Promise<void> {
  const userNid = await rooms.names.users.find(userId);
  if (userNid === undefined) return;
  if ((await invitePermission(rooms.database.reader, userNid, inviterId)) === 'block') {
    throw new MatrixError(403, 'M_INVITE_BLOCKED', `${userId} takes no invitations from you`);
  }
}

async function readConfig(
  reader: Reader,
  userNid: number,
  type: string,
): Promise<Readonly<Record<string, JsonValue>>> {
  const text = await readAccountDataEntry(reader, userNid, GLOBAL, type);
  const config: unknown = text === undefined ? undefined : JSON.parse(text);
  return isJsonObject(config) ? config : {};
}

function isNamed(patterns: JsonValue | undefined, name: string): boolean {
  if (!Array.isArray(patterns)) return false;
  return patterns
    .slice(0, PATTERNS_MAX)
    .some(
      (pattern) =>
        typeof pattern === 'string' &&
        pattern.length <= PATTERN_LENGTH_MAX &&
        globMatches(parseGlob(pattern), name),
    );
}
