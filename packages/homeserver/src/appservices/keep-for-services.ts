import type { MemberOutOfBand } from '../rooms/rooms.ts';
import type { Statement } from '../storage/sql.ts';
import type { ApplicationServices } from './application-services.ts';
import { keepMembershipStatement } from './service-membership-store.ts';

/** Keeps what became of a user in a room that this server is not in for the services that are to be told of the user. */
export function keepForServices(
  { all }: ApplicationServices,
  member: MemberOutOfBand,
): Statement[] {
  return all
    .filter(({ config }) => config.url !== undefined)
    .filter((service) => service.hasUser(member.userId))
    .map((service) => keepMembershipStatement(service.id, member));
}
