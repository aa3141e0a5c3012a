import type { JsonObject } from '@soma/protocol';

import { ephemeralQueuedMax, presencePerEduMax } from './limits.ts';
import type { Edu } from './stored-edus.ts';

/** What is told now or never. */
export type EphemeralKind = 'm.typing' | 'm.presence';

/** Typing and presence for one destination, in memory only: the last of each room and user counts. */
export class EphemeralEdus {
  readonly #waiting: Readonly<Record<EphemeralKind, Map<string, JsonObject>>> = {
    'm.typing': new Map(),
    'm.presence': new Map(),
  };

  get isEmpty(): boolean {
    return Object.values(this.#waiting).every((all) => all.size === 0);
  }

  put(kind: EphemeralKind, key: string, content: JsonObject): void {
    const all = this.#waiting[kind];
    all.delete(key);
    all.set(key, content);
    const [oldest] = all.keys();
    if (all.size > ephemeralQueuedMax && oldest !== undefined) all.delete(oldest);
  }

  /** Up to so many EDUs, which then wait no longer. */
  take(edusMax: number): Edu[] {
    if (edusMax <= 0) return [];
    const typing = takeFirst(this.#waiting['m.typing'], edusMax - 1);
    const presence = takeFirst(this.#waiting['m.presence'], presencePerEduMax);
    return [
      ...typing.map((content) => ({ edu_type: 'm.typing', content })),
      ...(presence.length === 0 ? [] : [{ edu_type: 'm.presence', content: { push: presence } }]),
    ];
  }
}

function takeFirst(all: Map<string, JsonObject>, countMax: number): JsonObject[] {
  const taken = [...all].slice(0, countMax);
  for (const [key] of taken) all.delete(key);
  return taken.map(([, content]) => content);
}
