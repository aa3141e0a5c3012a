import type { Reader } from '../storage/sql.ts';
import { Turns } from '../streams/turns.ts';
import { readAuthNids } from './edge-store.ts';

/** Events whose edges are read at once. */
const EVENTS_AT_ONCE = 500;

/** Everything that authorises these events, directly or not; one of them is in it only if another stands on it. */
export async function readAuthChain(
  reader: Reader,
  eventNids: Iterable<number>,
): Promise<Set<number>> {
  const chain = new Set<number>();
  const turns = new Turns();
  const given = new Set(eventNids);
  const waiting = [...given];
  while (waiting.length > 0) {
    const some = waiting.splice(-EVENTS_AT_ONCE);
    for (const nid of await readAuthNids(reader, some)) {
      if (chain.has(nid)) continue;
      chain.add(nid);
      // What was given has been, or will be, looked at.
      if (!given.has(nid)) waiting.push(nid);
    }
    await turns.next();
  }
  return chain;
}
