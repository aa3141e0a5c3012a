import type { ClientServices } from './client-server/services.ts';
import { FederationError } from './federation-client/federation-error.ts';
import { redeemInvite } from './federation/third-party/redeem-invites.ts';
import { passedOn, unreachable } from './membership/remote/remote-refusal.ts';
import type { Federation } from './open-federation.ts';
import type { Inbound } from './open-inbound.ts';
import { openServing } from './open-serving.ts';

/** Opens how users redeem invitations to an address of theirs by themselves. */
export function openRedeeming(
  services: Pick<ClientServices, 'rooms' | 'remoteRooms' | 'threePids'>,
  inbound: Inbound,
  { client }: Federation,
): ClientServices['redeemInvite'] {
  const { handshake } = openServing(services, inbound);
  return async (invite) => {
    try {
      await redeemInvite({ ...handshake, client }, invite);
    } catch (error) {
      if (!(error instanceof FederationError)) throw error;
      throw passedOn(error) ?? unreachable(error.message);
    }
  };
}
