import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

import type { Pusher } from './pusher-store.ts';
import type { Pushers } from './pushers.ts';
import { deletePusher } from './set-pusher.ts';

/** What the link at the end of a mail says. */
export interface Unsubscription {
  readonly token: string;
  readonly appId: string;
  readonly pushkey: string;
}

type Named = Pick<Pusher, 'userNid' | 'appId' | 'pushkey'>;

const KEY_BYTES = 32;

/** The link that ends a mail pusher: good for this one alone, by whoever has the mail. */
export function unsubscribeLink(pushers: Pushers, pusher: Named): string {
  const link = new URL('_synapse/client/unsubscribe', pushers.baseUrl);
  link.search = String(
    new URLSearchParams({
      access_token: `${pusher.userNid}.${signatureOf(pushers, pusher)}`,
      app_id: pusher.appId,
      pushkey: pusher.pushkey,
    }),
  );
  return link.href;
}

/** Whose pusher such a link ends; undefined for one that is not ours. */
export function readUnsubscription(
  pushers: Pushers,
  { token, appId, pushkey }: Unsubscription,
): Named | undefined {
  const [, nid, signature] = /^(\d{1,15})\.([\w-]+)$/.exec(token) ?? [];
  if (nid === undefined || signature === undefined) return undefined;
  const named = { userNid: Number(nid), appId, pushkey };
  const given = Buffer.from(signature);
  const right = Buffer.from(signatureOf(pushers, named));
  return given.length === right.length && timingSafeEqual(given, right) ? named : undefined;
}

/** Ends the pusher. False for a link that is not ours. */
export async function unsubscribe(pushers: Pushers, wanted: Unsubscription): Promise<boolean> {
  const named = readUnsubscription(pushers, wanted);
  if (named === undefined) return false;
  await deletePusher(pushers, named.userNid, named.appId, named.pushkey);
  return true;
}

/** The key is made of the one that the database was made with, so that links outlive a restart. */
function signatureOf({ database }: Pushers, { userNid, appId, pushkey }: Named): string {
  const key = hkdfSync('sha256', database.snapshotKey, '', 'soma unsubscribe', KEY_BYTES);
  return createHmac('sha256', Buffer.from(key))
    .update(JSON.stringify([userNid, appId, pushkey]))
    .digest('base64url');
}
