import { isJsonObject } from '@soma/protocol';
import type { JsonValue } from '@soma/protocol';

import type { StrippedEvent } from '../stripped-state.ts';
import { strippedBytesMax, strippedEventsMax } from './limits.ts';

/**
 * What another server tells of a room to somebody who is invited or knocks, cut down to what clients may be given
 * (CS API, "Stripped state"). What is no state event is left out, and so is what is beyond the limits.
 */
export function receivedStrippedState(given: unknown): StrippedEvent[] {
  if (!Array.isArray(given)) return [];
  const kept = new Map<string, StrippedEvent>();
  let bytes = 0;
  for (const each of given.slice(0, strippedEventsMax)) {
    const event = stripped(each);
    if (event === undefined) continue;
    bytes += Buffer.byteLength(JSON.stringify(event));
    if (bytes > strippedBytesMax) break;
    kept.set(`${event.type}\n${event.state_key}`, event);
  }
  return [...kept.values()];
}

function stripped(value: JsonValue): StrippedEvent | undefined {
  if (!isJsonObject(value)) return undefined;
  const { type, state_key: stateKey, sender, content } = value;
  if (typeof type !== 'string' || typeof stateKey !== 'string') return undefined;
  if (typeof sender !== 'string' || !isJsonObject(content)) return undefined;
  return { type, state_key: stateKey, sender, content };
}
