import type { FederationSender } from './federation-sender.ts';

/**
 * Tells destinations of receipts no more often than so many transactions per room and second; what comes in between goes
 * together, or with whatever else the destination gets.
 */
export class ReceiptPace {
  readonly #sender: Pick<FederationSender, 'deliverStoredEdus'>;
  readonly #perSecond: number;
  /** Rooms that rest, with the destinations that wait for the end of it. */
  readonly #resting = new Map<number, { readonly waiting: Set<string>; timer: NodeJS.Timeout }>();

  constructor(sender: Pick<FederationSender, 'deliverStoredEdus'>, perSecond: number) {
    this.#sender = sender;
    this.#perSecond = perSecond;
  }

  tell(roomNid: number, serverNames: Iterable<string>): void {
    const resting = this.#resting.get(roomNid);
    if (resting === undefined) this.#tellNow(roomNid, new Set(serverNames));
    else for (const serverName of serverNames) resting.waiting.add(serverName);
  }

  close(): void {
    for (const { timer } of this.#resting.values()) clearTimeout(timer);
    this.#resting.clear();
  }

  #tellNow(roomNid: number, serverNames: ReadonlySet<string>): void {
    for (const serverName of serverNames) this.#sender.deliverStoredEdus(serverName);
    const restMs = (serverNames.size * 1_000) / this.#perSecond;
    const timer = setTimeout(() => {
      const waiting = this.#resting.get(roomNid)?.waiting;
      this.#resting.delete(roomNid);
      if (waiting !== undefined && waiting.size > 0) this.#tellNow(roomNid, waiting);
    }, restMs);
    timer.unref();
    this.#resting.set(roomNid, { waiting: new Set(), timer });
  }
}
