import type { MembershipRequest } from '../../membership/change-membership.ts';
import type { RoomIntake } from '../../rooms/inbound/room-intake.ts';
import type { Serving } from '../serving/serving.ts';

/** What letting users of other servers in works with; made at composition. */
export interface Handshake {
  readonly serving: Serving;
  readonly intake: Pick<RoomIntake, 'receive'>;
  /** Invites a user of any server. */
  inviteUser(request: Omit<MembershipRequest, 'action'>): Promise<unknown>;
  /** Asks an identity server whether a key of its own is still valid. */
  isKeyValid(validityUrl: string, publicKey: string): Promise<boolean>;
}
