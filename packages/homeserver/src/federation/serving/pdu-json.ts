import { canonicalJson, parsePduText, redactPdu } from '@soma/protocol';
import type { RoomVersion } from '@soma/protocol';

import { EventFlag } from '../../rooms/event-store.ts';
import type { EventRow } from '../../rooms/event-store.ts';

/** An event as it goes to other servers: as it came, or redacted where a redaction has taken effect. */
export function pduJson(row: EventRow, version: RoomVersion): string {
  return (row.flags & EventFlag.redacted) === 0 ? row.json : redactedJson(row, version);
}

/** An event without what a redaction takes; its signatures and its ID still hold. */
export function redactedJson(row: EventRow, version: RoomVersion): string {
  const parsed = parsePduText(row.json, version);
  if (parsed.ok) return canonicalJson(redactPdu(parsed.exact, version));
  // What was taken in under older limits, as history may be.
  return canonicalJson(redactPdu(JSON.parse(row.json), version));
}
