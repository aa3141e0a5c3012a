import type { PartitionedState } from './partition-state.ts';
import type { Nids } from './types.ts';

/** Where an event stands in the index: what a caller stores of it. */
export interface AuthChainEntry {
  readonly eventNid: number;
  readonly stateKeyNid: number;
  /** From 0. */
  readonly chain: number;
  /** From 1. An event leads to all events of its chain with lower numbers. */
  readonly sequence: number;
  /** What this event leads to in other chains, and the ones before it in its chain do not. */
  readonly links: readonly ChainPosition[];
}

export interface ChainPosition {
  readonly chain: number;
  readonly sequence: number;
}

/** The greatest sequence, by chain. */
type Reach = Map<number, number>;

interface Link {
  /** The sequence in the chain that the link is kept under. */
  readonly here: number;
  readonly chain: number;
  readonly sequence: number;
}

interface Chain {
  readonly stateKeyNid: number;
  readonly eventNids: number[];
  /** Where its events lead to, by ascending `here`. */
  readonly links: Link[];
  /** Which events lead to it, by link. */
  readonly linksBack: Link[];
  readonly linkedTo: Reach;
}

/**
 * A reachability index over the auth graph of a room (a chain cover): each event has a place in a chain of events of which
 * each lists the one before among its auth events, and chains are linked. Which events two sets of state differ in
 * is then found by comparing one number per chain, without walking auth chains.
 *
 * Held in memory, about one entry and a few links per event; the caller may store what `add` answers and `restore` it.
 */
export class AuthChainIndex {
  readonly #chains: Chain[] = [];
  readonly #positions = new Map<number, ChainPosition>();

  /** Whether these events, and with them their auth chains, are in the index. */
  covers(eventNids: Iterable<number>): boolean {
    for (const nid of eventNids) if (!this.#positions.has(nid)) return false;
    return true;
  }

  /**
   * Adds an event after all its auth events. Undefined when one of them is not in the index (so that cycles cannot get
   * in) or the event itself is.
   */
  add(event: {
    readonly nid: number;
    readonly stateKeyNid: number;
    readonly authEventNids: Nids;
  }): AuthChainEntry | undefined {
    if (this.#positions.has(event.nid)) return undefined;
    const authEvents: ChainPosition[] = [];
    for (const nid of event.authEventNids) {
      const position = this.#positions.get(nid);
      if (position === undefined) return undefined;
      authEvents.push(position);
    }
    const before = authEvents.find(
      ({ chain, sequence }) =>
        this.#chains[chain]?.stateKeyNid === event.stateKeyNid &&
        this.#chains[chain]?.eventNids.length === sequence,
    );
    const chain = before?.chain ?? this.#chains.length;
    const linkedTo = this.#chains[chain]?.linkedTo;
    const entry = {
      eventNid: event.nid,
      stateKeyNid: event.stateKeyNid,
      chain,
      sequence: (before?.sequence ?? 0) + 1,
      links: authEvents.filter(
        (position) =>
          position !== before && position.sequence > (linkedTo?.get(position.chain) ?? 0),
      ),
    };
    this.restore(entry);
    return entry;
  }

  /** Puts back what `add` answered, in the same order. Throws a RangeError for entries in another order. */
  restore({ eventNid, stateKeyNid, chain, sequence, links }: AuthChainEntry): void {
    const place = (this.#chains[chain] ??= newChain(stateKeyNid));
    const fits = place.eventNids.push(eventNid) === sequence && this.#chains.length > chain;
    if (!fits || links.some((link) => this.#chains[link.chain] === undefined)) {
      throw new RangeError('the entries of the index are not in the order in which they were made');
    }
    for (const link of links) {
      place.links.push({ here: sequence, ...link });
      place.linkedTo.set(link.chain, link.sequence);
      this.#chains[link.chain]?.linksBack.push({ here: link.sequence, chain, sequence });
    }
    this.#positions.set(eventNid, { chain, sequence });
  }

  /** The auth difference as `authDifference` has it; undefined when an event of the sets is not in the index. */
  difference({ unconflicted, conflictedBySet }: PartitionedState): number[] | undefined {
    if (!this.covers(conflictedBySet.flat())) return undefined;
    const reaches = conflictedBySet.map((nids) => this.#extend(new Map(), nids));
    const inAll: Reach = new Map();
    const inSome: Reach = new Map();
    for (const chain of new Set(reaches.flatMap((reach) => [...reach.keys()]))) {
      const ends = reaches.map((reach) => reach.get(chain) ?? 0);
      inAll.set(chain, Math.min(...ends));
      inSome.set(chain, Math.max(...ends));
    }
    const inConflict = new Set(conflictedBySet.flat());
    const isOpen = (nid: number): boolean => !inConflict.has(nid);
    if (!this.#between(inAll, inSome).some(isOpen)) return [];
    const shared = Array.from(unconflicted.eventNids);
    if (!this.covers(shared)) return undefined;
    return this.#between(this.#extend(inAll, shared), inSome).filter(isOpen);
  }

  /** The conflicted state subgraph as `conflictedSubgraph` has it; undefined when one of the events is not in the index. */
  subgraph(inConflict: readonly number[]): number[] | undefined {
    if (!this.covers(inConflict)) return undefined;
    const ends = this.#extend(new Map(), inConflict);
    const beforeStarts: Reach = new Map();
    for (const chain of ends.keys()) beforeStarts.set(chain, Infinity);
    const waiting = inConflict.flatMap((nid) => this.#positions.get(nid) ?? []);
    // The lowest first, so that a chain is seldom begun twice.
    waiting.sort((a, b) => b.sequence - a.sequence);
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { chain, sequence } = next;
      const before = beforeStarts.get(chain) ?? 0;
      if (before < sequence) continue;
      beforeStarts.set(chain, sequence - 1);
      for (const link of this.#chains[chain]?.linksBack ?? []) {
        if (link.here >= sequence && ends.has(link.chain)) waiting.push(link);
      }
    }
    return this.#between(beforeStarts, ends);
  }

  // Extends a reach by events and all that they lead to.
  #extend(reach: Reach, eventNids: readonly number[]): Reach {
    const waiting = eventNids.flatMap((nid) => this.#positions.get(nid) ?? []);
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { chain, sequence } = next;
      const before = reach.get(chain) ?? 0;
      if (sequence <= before) continue;
      reach.set(chain, sequence);
      const links = this.#chains[chain]?.links ?? [];
      for (let index = links.length - 1; index >= 0; index--) {
        const link = links[index];
        if (link === undefined || link.here <= before) break;
        if (link.here <= sequence) waiting.push(link);
      }
    }
    return reach;
  }

  // The events after one reach, up to another.
  #between(after: Reach, upTo: Reach): number[] {
    return [...upTo].flatMap(
      ([chain, end]) => this.#chains[chain]?.eventNids.slice(after.get(chain) ?? 0, end) ?? [],
    );
  }
}

function newChain(stateKeyNid: number): Chain {
  return { stateKeyNid, eventNids: [], links: [], linksBack: [], linkedTo: new Map() };
}
