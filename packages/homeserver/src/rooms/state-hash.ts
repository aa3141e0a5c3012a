import { hash } from 'node:crypto';

/** One entry of a state that is another in the next one; undefined where there is none. */
export interface PairChange {
  readonly stateKeyNid: number;
  readonly before: number | undefined;
  readonly after: number | undefined;
}

const HASH_BITS = 2 ** 48;

/** One pair's part of the snapshot hash: keyed, so that nobody outside can make two states collide. */
export function hashPair(key: Uint8Array, stateKeyNid: number, eventNid: number): number {
  const input = Buffer.alloc(key.length + 16);
  input.set(key);
  input.writeDoubleLE(stateKeyNid, key.length);
  input.writeDoubleLE(eventNid, key.length + 8);
  return hash('sha256', input, 'buffer').readUIntLE(0, 6);
}

/** The hash of a state that differs by these changes from one whose hash is `before`. */
export function hashAfter(key: Uint8Array, before: number, changes: Iterable<PairChange>): number {
  let sum = before;
  for (const { stateKeyNid, before: removed, after: added } of changes) {
    if (added !== undefined) sum += hashPair(key, stateKeyNid, added);
    if (removed !== undefined) sum -= hashPair(key, stateKeyNid, removed);
    sum = ((sum % HASH_BITS) + HASH_BITS) % HASH_BITS;
  }
  return sum;
}
