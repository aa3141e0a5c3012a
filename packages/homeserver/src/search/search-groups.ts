import type { JsonObject } from '@soma/protocol';

import type { Found } from './found-event.ts';
import type { Candidate } from './search-store.ts';
import { formatSearchToken } from './search-token.ts';
import type { Grouping } from './search-token.ts';

/** What the search has looked at, and what it has not yet. */
export interface SearchedPart {
  readonly looked: readonly Candidate[];
  readonly rest: readonly Candidate[];
  readonly below: number;
}

/** The results by room or by sender, in the order in which they appear. */
export function groupsOf(
  groupBy: readonly Grouping[],
  found: readonly Found[],
  part: SearchedPart,
): JsonObject {
  const groups: JsonObject = {};
  for (const key of groupBy) groups[key] = groupedBy(key, found, part);
  return groups;
}

function groupedBy(
  key: Grouping,
  found: readonly Found[],
  { looked, rest, below }: SearchedPart,
): JsonObject {
  const nidOf = ({ roomNid, senderNid }: Candidate): number =>
    key === 'room_id' ? roomNid : senderNid;
  const nids = new Map<string, number>();
  const results = new Map<string, string[]>();
  for (const { candidate, viewed } of found) {
    const value = key === 'room_id' ? viewed.client['room_id'] : viewed.event.pdu.sender;
    if (typeof value !== 'string') continue;
    nids.set(value, nidOf(candidate));
    results.set(value, [...(results.get(value) ?? []), viewed.event.eventId]);
  }
  const waiting = new Set(rest.map(nidOf));
  const groups: JsonObject = {};
  let order = 0;
  for (const [value, eventIds] of results) {
    const nid = nids.get(value) ?? 0;
    const offset = looked.filter((candidate) => nidOf(candidate) === nid).length;
    const more = waiting.has(nid)
      ? { next_batch: formatSearchToken({ below, offset, group: { key, nid } }) }
      : {};
    groups[value] = { results: eventIds, order, ...more };
    order += 1;
  }
  return groups;
}
