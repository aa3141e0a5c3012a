import { numberUnder } from './number-at.ts';
import type { AuthReach, Nids, PartitionedState } from './types.ts';

/** Where an event stands in the index: what a caller stores of it. */
export interface AuthChainEntry {
  readonly eventNid: number;
  readonly stateKeyNid: number;
  /** From 0. */
  readonly chain: number;
  /** From 1. An event leads to all events of its chain with lower numbers. */
  readonly sequence: number;
  /** What this event leads to in other chains, and the ones before it in its chain do not. */
  readonly links: readonly { readonly chain: number; readonly sequence: number }[];
}

interface Chain {
  readonly number: number;
  readonly stateKeyNid: number;
  readonly eventNids: number[];
  /** Where its events lead to, by ascending `here`. */
  readonly links: Link[];
  /** Which events lead to it, by the sequence that they lead to, from 1. */
  readonly linksBack: Position[][];
  readonly linkedTo: Reach;
}

interface Position {
  readonly chain: Chain;
  readonly sequence: number;
}

interface Link extends Position {
  /** The sequence in the chain that the link is kept with. */
  readonly here: number;
}

/** The greatest sequence, by chain. */
type Reach = Map<Chain, number>;

/**
 * A reachability index over the auth graph of a room (a chain cover): each event has a place in a chain of events of which
 * each lists the one before among its auth events, and chains are linked. Which events two sets of state differ in
 * is then found by comparing one number per chain, without walking auth chains.
 *
 * Held in memory, about one entry and a few links per event; the caller may store what `add` answers and `restore` it.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { AuthChainIndex } from '@soma/protocol';
 *
 * const index = new AuthChainIndex();
 * index.add({ nid: 1, stateKeyNid: 1, authEventNids: [] });
 * const entry = index.add({ nid: 2, stateKeyNid: 2, authEventNids: [1] });
 * assert.deepEqual(entry?.links, [{ chain: 0, sequence: 1 }]);
 * assert.equal(index.add({ nid: 4, stateKeyNid: 2, authEventNids: [3] }), undefined);
 * ```
 */
export class AuthChainIndex implements AuthReach {
  readonly #chains: Chain[] = [];
  readonly #positions = new Map<number, Position>();

  /**
   * Adds an event after all its auth events. Undefined when one of them is not in the index (so that cycles cannot get
   * in) or the event itself is.
   */
  add(event: {
    readonly nid: number;
    readonly stateKeyNid: number;
    readonly authEventNids: Nids;
  }): AuthChainEntry | undefined {
    const authEvents = this.#positionsOf(event.authEventNids);
    if (authEvents === undefined || this.#positions.has(event.nid)) return undefined;
    const before = authEvents.find(
      ({ chain, sequence }) =>
        chain.stateKeyNid === event.stateKeyNid && chain.eventNids.length === sequence,
    );
    const leadsToAlready = ({ chain, sequence }: Position): boolean =>
      sequence <= (before?.chain.linkedTo.get(chain) ?? 0);
    const entry = {
      eventNid: event.nid,
      stateKeyNid: event.stateKeyNid,
      chain: before?.chain.number ?? this.#chains.length,
      sequence: (before?.sequence ?? 0) + 1,
      links: authEvents
        .filter((position) => position.chain !== before?.chain && !leadsToAlready(position))
        .map(({ chain, sequence }) => ({ chain: chain.number, sequence })),
    };
    this.restore(entry);
    return entry;
  }

  /** Puts back what `add` answered, in the same order. Throws a RangeError for entries in another order. */
  restore({ eventNid, stateKeyNid, chain: number, sequence, links }: AuthChainEntry): void {
    if (number === this.#chains.length) this.#chains.push(newChain(number, stateKeyNid));
    const chain = this.#chains[number];
    const targets = links.flatMap((link) => {
      const target = this.#chains[link.chain];
      if (target === undefined || target.eventNids.length < link.sequence) return [];
      return [{ chain: target, sequence: link.sequence }];
    });
    if (chain?.eventNids.length !== sequence - 1 || targets.length < links.length) {
      throw new RangeError('the entries of the index are not in the order in which they were made');
    }
    chain.eventNids.push(eventNid);
    chain.linksBack.push([]);
    this.#positions.set(eventNid, { chain, sequence });
    for (const target of targets) {
      chain.links.push({ here: sequence, ...target });
      chain.linkedTo.set(target.chain, target.sequence);
      target.chain.linksBack[target.sequence - 1]?.push({ chain, sequence });
    }
  }

  difference({ unconflicted, conflictedBySet }: PartitionedState): number[] | undefined {
    const reaches: Reach[] = [];
    for (const eventNids of conflictedBySet) {
      const positions = this.#positionsOf(eventNids);
      if (positions === undefined) return undefined;
      reaches.push(extend(new Map(), positions));
    }
    const inAll: Reach = new Map();
    const inSome: Reach = new Map();
    for (const reach of reaches) {
      for (const [chain, end] of reach) {
        inSome.set(chain, Math.max(end, inSome.get(chain) ?? 0));
      }
    }
    for (const [chain, most] of inSome) {
      const least = (end: number, reach: Reach): number => Math.min(end, reach.get(chain) ?? 0);
      inAll.set(chain, reaches.reduce(least, most));
    }
    const inConflict = new Set(conflictedBySet.flat());
    const isOpen = (nid: number): boolean => !inConflict.has(nid);
    if (!between(inAll, inSome).some(isOpen)) return [];
    const shared = this.#positionsOf(unconflicted.eventNids);
    return shared && between(extend(inAll, shared), inSome).filter(isOpen);
  }

  subgraph(inConflict: readonly number[]): number[] | undefined {
    const positions = this.#positionsOf(inConflict);
    if (positions === undefined) return undefined;
    const ends = extend(new Map(), positions);
    const beforeStarts: Reach = new Map([...ends.keys()].map((chain) => [chain, Infinity]));
    // The lowest first, so that a chain is seldom begun twice.
    const waiting = positions.toSorted((a, b) => b.sequence - a.sequence);
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { chain, sequence } = next;
      const before = beforeStarts.get(chain);
      // A chain that no event in conflict leads to is of no interest.
      if (before === undefined || before < sequence) continue;
      beforeStarts.set(chain, sequence - 1);
      for (const leading of chain.linksBack.slice(sequence - 1, before).flat()) {
        waiting.push(leading);
      }
    }
    return between(beforeStarts, ends);
  }

  #positionsOf(eventNids: Nids): Position[] | undefined {
    const positions: Position[] = [];
    for (const nid of eventNids) {
      const position = this.#positions.get(nid);
      if (position === undefined) return undefined;
      positions.push(position);
    }
    return positions;
  }
}

// Extends a reach by events and all that they lead to.
function extend(reach: Reach, positions: readonly Position[]): Reach {
  const waiting = [...positions];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { chain, sequence } = next;
    const before = reach.get(chain) ?? 0;
    if (sequence <= before) continue;
    reach.set(chain, sequence);
    for (const link of chain.links.slice(firstAfter(before, chain), firstAfter(sequence, chain))) {
      waiting.push(link);
    }
  }
  return reach;
}

// Where the links of the events after a sequence begin: each link is then looked at once, however often a reach grows.
function firstAfter(sequence: number, { links }: Chain): number {
  let low = 0;
  let high = links.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (links[middle] !== undefined && links[middle].here > sequence) high = middle;
    else low = middle + 1;
  }
  return low;
}

// The events after one reach, up to another.
function between(after: Reach, upTo: Reach): number[] {
  return [...upTo].flatMap(([chain, end]) => chain.eventNids.slice(numberUnder(after, chain), end));
}

function newChain(number: number, stateKeyNid: number): Chain {
  return { number, stateKeyNid, eventNids: [], links: [], linksBack: [], linkedTo: new Map() };
}
