import { redactedEventOf } from '@soma/protocol';
import type { RoomVersion } from '@soma/protocol';

import type { Reader } from '../storage/sql.ts';
import { readEventNids } from './graph-store.ts';
import { readEffectiveRedactions } from './redaction-store.ts';
import type { StoredEvent } from './stored-event.ts';

/**
 * Events as clients get them, without redactions that have no effect: their senders may not make them, or what they redact is
 * still to come (spec: Room Version 3, "Handling redactions"). Up to version 2 the auth rules have decided.
 */
export async function withoutIdleRedactions(
  reader: Reader,
  version: RoomVersion,
  events: readonly StoredEvent[],
): Promise<readonly StoredEvent[]> {
  const targets = new Map<StoredEvent, string>();
  for (const event of events) {
    const targetId = version.redactionAuthRule ? undefined : targetOf(event, version);
    if (targetId !== undefined) targets.set(event, targetId);
  }
  if (targets.size === 0) return events;
  const targetNids = await readEventNids(reader, [...new Set(targets.values())]);
  const effective = await readEffectiveRedactions(reader, [...targetNids.values()]);
  return events.filter((event) => !targets.has(event) || effective.has(event.eventNid));
}

/** Undefined also where the redaction was redacted itself, and its version takes away what it is about. */
function targetOf({ pdu, stateKeyNid }: StoredEvent, version: RoomVersion): string | undefined {
  if (pdu.type !== 'm.room.redaction' || stateKeyNid !== null) return undefined;
  return redactedEventOf(pdu, version);
}
