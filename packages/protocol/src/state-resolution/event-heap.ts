import { numberAt } from './number-at.ts';

/** Integers of which the smallest comes out first (a binary heap). */
export class EventHeap {
  readonly #ranks: number[] = [];

  push(rank: number): void {
    const ranks = this.#ranks;
    let place = ranks.length;
    while (place > 0) {
      const parent = (place - 1) >>> 1;
      const above = numberAt(ranks, parent);
      if (above <= rank) break;
      ranks[place] = above;
      place = parent;
    }
    ranks[place] = rank;
  }

  pop(): number | undefined {
    const ranks = this.#ranks;
    const smallest = ranks[0];
    const last = ranks.pop();
    if (last === undefined || ranks.length === 0) return smallest;
    let place = 0;
    for (let child = 1; child < ranks.length; child = 2 * place + 1) {
      const hasSibling = child + 1 < ranks.length;
      if (hasSibling && numberAt(ranks, child + 1) < numberAt(ranks, child)) child++;
      const below = numberAt(ranks, child);
      if (below >= last) break;
      ranks[place] = below;
      place = child;
    }
    ranks[place] = last;
    return smallest;
  }
}
