import { EventFlag } from '../../rooms/event-store.ts';
import type { EventRow } from '../../rooms/event-store.ts';
import { pduJson, redactedJson } from '../../rooms/pdu-json.ts';
import { toStoredEvent } from '../../rooms/stored-event.ts';
import type { Reader } from '../../storage/sql.ts';
import type { ServerAccess } from './admit-server.ts';
import { ServerVisibility } from './server-visibility.ts';
import type { Serving } from './serving.ts';

/** Events as the asking server gets them, in the given order, without those that are not for it. Rejected ones go nowhere. */
export async function shownEvents(
  serving: Serving,
  reader: Reader,
  access: ServerAccess,
  rows: readonly EventRow[],
): Promise<string[]> {
  const { version } = access;
  const valid = rows.filter(({ flags }) => (flags & EventFlag.rejected) === 0);
  const showings = await new ServerVisibility(serving, reader, access).decide(
    valid.map((row) => toStoredEvent(row, version)),
  );
  return valid.flatMap((row) => {
    const showing = showings.get(row.event_nid);
    if (showing === 'whole') return pduJson(row, version);
    return showing === 'redacted' ? redactedJson(row, version) : [];
  });
}
