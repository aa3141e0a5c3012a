/** Random numbers that follow from a seed (xoshiro128**). */
export class Random {
  readonly #state: Uint32Array;

  constructor(seed: number | string) {
    let hash = 2166136261;
    for (const letter of String(seed))
      hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 16777619);
    // splitmix32, so that seeds that are near each other have nothing in common.
    this.#state = Uint32Array.from({ length: 4 }, () => {
      hash = (hash + 0x9e3779b9) | 0;
      let mixed = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
      return mixed ^ (mixed >>> 15);
    });
  }

  /** From 0 up to, and not including, 1. */
  next(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.#state;
    const turned = Math.imul(b, 5);
    const result = Math.imul((turned << 7) | (turned >>> 25), 9);
    const last = d ^ b;
    const third = c ^ a;
    this.#state[1] = b ^ third;
    this.#state[0] = a ^ last;
    this.#state[2] = third ^ (b << 9);
    this.#state[3] = (last << 11) | (last >>> 21);
    return (result >>> 0) / 2 ** 32;
  }

  /** A whole number below `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  /** A whole number from `first` to `last`. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** Throws where there is nothing to pick from. */
  pick<T>(from: readonly T[]): T {
    const picked = from[this.below(from.length)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Uint8Array.from({ length }, () => this.below(256)));
  }
}
