import type { LRUCache } from 'lru-cache';

import { boundedCache } from '../storage/bounded-cache.ts';

/** The JSON texts of filters. A filter never changes, so what is cached stays true. */
export class FilterCache {
  readonly #texts: LRUCache<string, string>;

  constructor(cachedMax: number) {
    this.#texts = boundedCache(cachedMax);
  }

  get(userNid: number, filterId: number): string | undefined {
    return this.#texts.get(`${userNid}:${filterId}`);
  }

  set(userNid: number, filterId: number, json: string): void {
    this.#texts.set(`${userNid}:${filterId}`, json);
  }
}
