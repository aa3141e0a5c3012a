import { canonicalJson, parsePduText, redactPdu } from '@soma/protocol';
import type { RoomVersion } from '@soma/protocol';

import { EventFlag } from './event-store.ts';
import type { EventRow } from './event-store.ts';

/** What is stored of an event, as far as other servers get it. */
type StoredPdu = Pick<EventRow, 'flags' | 'json'>;

/** An event as it goes to other servers: as it was signed, or redacted where a redaction has taken effect. */
export function pduJson(row: StoredPdu, version: RoomVersion): string {
  return (row.flags & EventFlag.redacted) === 0 ? row.json : redactedJson(row, version);
}

/** An event without what a redaction takes; its signatures and its ID still hold. */
export function redactedJson({ json }: Pick<StoredPdu, 'json'>, version: RoomVersion): string {
  const parsed = parsePduText(json, version);
  if (parsed.ok) return canonicalJson(redactPdu(parsed.exact, version));
  // What was taken in under older limits, as history may be.
  return canonicalJson(redactPdu(JSON.parse(json), version));
}
