import { LRUCache } from 'lru-cache';

import type { CheckedPdu } from '../../rooms/inbound/check-pdu.ts';
import { checkedBytesMax } from './limits.ts';

/** About what an event takes in memory beside its texts, which are there twice: as JSON and as values. */
const eventBytes = 1_000;

/** Events that wait in the inbox and were checked by this process, by their rows; the oldest are forgotten first. */
export class CheckedEvents {
  readonly #known = new LRUCache<number, CheckedPdu>({
    maxSize: checkedBytesMax,
    sizeCalculation: ({ json }) => 2 * json.length + eventBytes,
  });

  add(inboxNid: number, checked: CheckedPdu): void {
    this.#known.set(inboxNid, checked);
  }

  /** Forgets the event. */
  take(inboxNid: number): CheckedPdu | undefined {
    const found = this.#known.get(inboxNid);
    this.#known.delete(inboxNid);
    return found;
  }
}
