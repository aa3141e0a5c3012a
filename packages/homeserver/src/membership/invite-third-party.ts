import { createHash } from 'node:crypto';

import { isJsonObject, parseUserId } from '@soma/protocol';
import type { JsonObject, UserId } from '@soma/protocol';

import type { IdentityServers } from '../accounts/three-pids/identity-servers.ts';
import type { Address } from '../accounts/three-pids/three-pid-store.ts';
import { MatrixError, forbidden } from '../errors/matrix-error.ts';
import { readCurrentContent } from '../rooms/read-current-content.ts';
import { readPowerLevels } from '../rooms/room-power.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { sendEvent } from '../rooms/send-event.ts';
import { isJoined } from './membership-store.ts';

/** Somebody who is invited by an address (CS API, "Third-party invites"). */
export interface ThirdPartyInvite extends Address {
  readonly roomNid: number;
  readonly sender: UserId;
  readonly senderNid: number;
  readonly idServer: string;
  readonly accessToken: string;
  /** The client that the mail of the identity server should name. */
  readonly clientLocation: string | undefined;
}

/**
 * Looks an address up at the identity server that the inviter names. Undefined where that server knows nobody by it, or
 * cannot be asked: then it may still take an invitation, which it hands over once somebody proves the address.
 */
export async function lookUpThirdParty(
  identityServers: IdentityServers,
  { idServer, accessToken, medium, address }: ThirdPartyInvite,
): Promise<UserId | undefined> {
  const ask = (method: 'GET' | 'POST', path: string, body?: JsonObject): Promise<JsonObject> =>
    identityServers.request({
      idServer,
      method,
      path,
      accessToken,
      ...(body === undefined ? {} : { body }),
    });
  try {
    const { algorithms, lookup_pepper: pepper } = await ask('GET', '/hash_details');
    if (typeof pepper !== 'string' || !Array.isArray(algorithms)) return undefined;
    // Identity Service API, "Hashed lookups": the address is told to nobody who does not know it.
    if (!algorithms.includes('sha256')) return undefined;
    const wanted = createHash('sha256')
      .update(`${address} ${medium} ${pepper}`)
      .digest('base64url');
    const answer = await ask('POST', '/lookup', {
      addresses: [wanted],
      algorithm: 'sha256',
      pepper,
    });
    const { mappings } = answer;
    return isJsonObject(mappings) ? parseUserId(mappings[wanted]) : undefined;
  } catch (error) {
    // What names no identity server at all is refused; what cannot answer knows nobody.
    if (error instanceof MatrixError && error.errcode !== 'M_INVALID_PARAM') return undefined;
    throw error;
  }
}

/**
 * Leaves an invitation with the identity server and its `m.room.third_party_invite` in the room. Throws what the
 * identity server refuses, `403 M_FORBIDDEN` and `502 M_UNKNOWN`.
 */
export async function inviteThirdParty(
  rooms: Rooms,
  identityServers: IdentityServers,
  invite: ThirdPartyInvite,
): Promise<void> {
  const { idServer, accessToken, roomNid, sender } = invite;
  // The identity server sends a mail at once, which must not be about an invitation that the room forbids.
  await checkMayInvite(rooms, invite);
  const stored = await identityServers.request({
    idServer,
    method: 'POST',
    path: '/store-invite',
    body: await invitationDetails(rooms, invite),
    accessToken,
  });
  const { token, display_name: displayName } = stored;
  const publicKeys = publicKeysIn(stored, idServer);
  const [first] = publicKeys;
  if (typeof token !== 'string' || token === '' || first === undefined) {
    throw new MatrixError(502, 'M_UNKNOWN', 'The identity server did not say what it stored');
  }
  await sendEvent(rooms, {
    roomId: await rooms.names.rooms.text(roomNid),
    sender,
    type: 'm.room.third_party_invite',
    stateKey: token,
    content: {
      display_name: typeof displayName === 'string' ? displayName : '',
      // The older form of the same, for those who do not know the list.
      key_validity_url: first['key_validity_url'] ?? '',
      public_key: first['public_key'] ?? '',
      public_keys: publicKeys,
    },
  });
}

async function checkMayInvite(
  rooms: Rooms,
  { roomNid, sender, senderNid }: ThirdPartyInvite,
): Promise<void> {
  const { reader } = rooms.database;
  if (!(await isJoined(reader, senderNid, roomNid))) throw forbidden('You are not in this room');
  const levels = await readPowerLevels(rooms, reader, roomNid);
  if (levels === undefined || levels.userLevel(sender) < levels.invite) {
    throw forbidden('You may not invite to this room');
  }
}

/** What the mail of the identity server tells of the room. */
async function invitationDetails(rooms: Rooms, invite: ThirdPartyInvite): Promise<JsonObject> {
  const { roomNid, medium, address, sender, clientLocation } = invite;
  const { displayName, avatarUrl } = await rooms.profileOf(sender);
  const textOf = async (type: string, key: string): Promise<unknown> =>
    (await readCurrentContent(rooms, rooms.database.reader, roomNid, type))?.[key];
  const details: JsonObject = {
    medium,
    address,
    room_id: await rooms.names.rooms.text(roomNid),
    sender,
  };
  const optional = {
    sender_display_name: displayName,
    sender_avatar_url: avatarUrl,
    room_alias: await textOf('m.room.canonical_alias', 'alias'),
    room_avatar_url: await textOf('m.room.avatar', 'url'),
    room_join_rules: await textOf('m.room.join_rules', 'join_rule'),
    room_name: await textOf('m.room.name', 'name'),
    room_type: await textOf('m.room.create', 'type'),
    'org.matrix.web_client_location': clientLocation,
  };
  for (const [name, text] of Object.entries(optional)) {
    if (typeof text === 'string' && text !== '') details[name] = text;
  }
  return details;
}

/** Identity Service API, `POST /store-invite`. */
function publicKeysIn({ public_keys: keys }: JsonObject, idServer: string): JsonObject[] {
  if (!Array.isArray(keys)) return [];
  return keys.filter(isJsonObject).flatMap((each) => {
    const { public_key: key, key_validity_url: url } = each;
    if (typeof key !== 'string') return [];
    const assumed = `https://${idServer}/_matrix/identity/v2/pubkey/isvalid`;
    return [{ public_key: key, key_validity_url: typeof url === 'string' ? url : assumed }];
  });
}
