import type { JsonValue } from '@soma/protocol';

import type { Reader } from '../storage/sql.ts';
import { readCurrentContent } from './read-current-content.ts';
import type { RetentionBounds, Rooms } from './rooms.ts';

/**
 * The time before which a room's messages have expired (`m.room.retention`, as Synapse has it); undefined where
 * they never do.
 */
export async function expiryOf(
  rooms: Rooms,
  reader: Reader,
  roomNid: number,
): Promise<number | undefined> {
  if (rooms.retention === undefined) return undefined;
  const policy = await readCurrentContent(rooms, reader, roomNid, 'm.room.retention');
  const lifetimeMs = lifetimeOf(policy?.['max_lifetime'], rooms.retention);
  return lifetimeMs === undefined ? undefined : rooms.now() - lifetimeMs;
}

function lifetimeOf(
  wanted: JsonValue | undefined,
  { defaultMaxMs, allowedMinMs, allowedMaxMs }: RetentionBounds,
): number | undefined {
  const lifetimeMs = typeof wanted === 'number' ? wanted : defaultMaxMs;
  if (lifetimeMs === undefined) return undefined;
  return Math.min(Math.max(lifetimeMs, allowedMinMs ?? 0), allowedMaxMs ?? Infinity);
}
