import type { JsonObject } from '@soma/protocol';

import { invalidParam } from '../../errors/matrix-error.ts';
import type { Reader } from '../../storage/sql.ts';
import { readSubscriptionsChanged } from './thread-subscription-store.ts';
import type { SubscribedThread } from './thread-subscription-store.ts';

/** Of a client that does not say how many it wants. */
export const SUBSCRIPTIONS_DEFAULT = 100;
const LIMIT_MAX = 512;
const TOKEN = /^ts(\d{1,15})$/;

/** What changed about the threads that a user follows, the newest first (MSC4308). */
export interface SubscriptionsPage {
  /** `subscribed` and `unsubscribed`, by room and root; absent where there are none. */
  readonly json: JsonObject;
  /** The token that older changes are read up to; undefined where there are none. */
  readonly older: string | undefined;
}

/** Throws `400 M_INVALID_PARAM`. */
export function parseSubscriptionsToken(name: string, token: string): number {
  const [, position] = TOKEN.exec(token) ?? [];
  if (position === undefined) throw invalidParam(`${name} is not a token of this list`);
  return Number(position);
}

/** The newest changes in (`above`, `upTo`]. */
export async function readSubscriptionsPage(
  reader: Reader,
  userNid: number,
  { above, upTo, limit }: { readonly above: number; readonly upTo: number; readonly limit: number },
): Promise<SubscriptionsPage> {
  const most = Math.min(limit, LIMIT_MAX);
  const found = await readSubscriptionsChanged(reader, userNid, above, upTo, most);
  const last = found.at(-1);
  const older = last === undefined || found.length < most ? undefined : `ts${last.position - 1}`;
  return { json: subscriptionsJson(found), older };
}

function subscriptionsJson(threads: readonly SubscribedThread[]): JsonObject {
  const json: Record<string, Record<string, Record<string, JsonObject>>> = {};
  for (const { roomId, rootId, isSubscribed, isAutomatic, position } of threads) {
    const rooms = (json[isSubscribed ? 'subscribed' : 'unsubscribed'] ??= {});
    const automatic = isSubscribed ? { automatic: isAutomatic } : {};
    (rooms[roomId] ??= {})[rootId] = { ...automatic, bump_stamp: position };
  }
  return json;
}
