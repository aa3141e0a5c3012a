import { LRUCache } from 'lru-cache';

/**
 * A cache of the entries used last. It takes memory as it fills: with `max` alone the library would reserve all of
 * it at once, which for our caches together is more than the rest of the program's data.
 */
export function boundedCache<Key extends {}, Value extends {}>(
  entriesMax: number,
  dispose?: (value: Value, key: Key) => void,
): LRUCache<Key, Value> {
  return new LRUCache({
    maxSize: entriesMax,
    sizeCalculation: () => 1,
    ...(dispose === undefined ? {} : { dispose }),
  });
}
