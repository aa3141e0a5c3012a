import type { Requester } from '../http/endpoint.ts';
import { readEventById } from '../rooms/event-store.ts';
import type { ClientServices } from './services.ts';

/**
 * Counts a redaction: those of what others have sent have a limit of their own, where the operator sets one, so that
 * moderators are not held up (`rc_admin_redaction`). Throws `429 M_LIMIT_EXCEEDED`.
 */
export async function countRedaction(
  { rooms, config, rateLimits }: ClientServices,
  { userId, userNid, isRateLimitExempt }: Requester,
  eventId: string,
): Promise<void> {
  if (isRateLimitExempt === true) return;
  const isSeparate = config.ratelimiting.adminRedaction !== undefined;
  const target = isSeparate ? await readEventById(rooms.database.reader, eventId) : undefined;
  const isOfAnother = target !== undefined && target.sender_nid !== userNid;
  rateLimits[isOfAnother ? 'rc_admin_redaction' : 'rc_message'].check(userId);
}
