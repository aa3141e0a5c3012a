import { randomBytes } from 'node:crypto';

import { buildEvent } from '@soma/protocol';
import type { BuiltEvent, EventReference, JsonObject, RoomVersion } from '@soma/protocol';

import { signText } from '../../config/signing-key.ts';
import { MatrixError } from '../../errors/matrix-error.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import type { WantedMembership } from './member-template.ts';

/** The place of a member event in a room that this server does not have. */
export interface MemberEventPlace {
  readonly version: RoomVersion;
  readonly prevEvents: readonly EventReference[];
  readonly authEvents: readonly EventReference[];
  readonly depth: number;
}

/** Builds and signs a user's own member event. Throws `413 M_TOO_LARGE` or `400 M_BAD_JSON`. */
export function buildMemberEvent(
  { signer, now }: Rooms,
  { roomId, userId }: WantedMembership,
  place: MemberEventPlace,
  content: JsonObject,
): BuiltEvent {
  const built = buildEvent(
    {
      roomVersion: place.version,
      type: 'm.room.member',
      state_key: userId,
      sender: userId,
      room_id: roomId,
      content,
      prev_events: place.prevEvents,
      auth_events: place.authEvents,
      depth: place.depth,
      origin_server_ts: now(),
      newOpaqueId: () => randomBytes(18).toString('base64url'),
    },
    { ...signer, sign: (text) => signText(signer.privateKey, text) },
  );
  if (built.ok) return built;
  const { errcode, reason } = built.problem;
  throw new MatrixError(errcode === 'M_TOO_LARGE' ? 413 : 400, errcode, reason);
}
