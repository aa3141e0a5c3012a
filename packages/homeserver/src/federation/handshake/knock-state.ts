import { readEvents } from '../../rooms/event-store.ts';
import { pduJson } from '../../rooms/pdu-json.ts';
import { readCurrentEvent } from '../../rooms/read-current-event.ts';
import { readCurrentStateOfType } from '../../rooms/state-store.ts';
import type { AskedRoom } from '../serving/admit-server.ts';
import type { Serving } from '../serving/serving.ts';

/** What one who knocks is shown of a room: events in the room version's format (SS API, `PUT /send_knock`). */
export async function knockState(
  { rooms }: Serving,
  { roomNid, version }: AskedRoom,
): Promise<string[]> {
  const { reader } = rooms.database;
  const { entries, types } = rooms.prejoinState;
  const texts = new Map<number, string>();
  for (const [type, stateKey] of entries) {
    const row = await readCurrentEvent(rooms.names, reader, roomNid, type, stateKey);
    if (row !== undefined) texts.set(row.event_nid, pduJson(row, version));
  }
  for (const type of types) {
    const typeNid = await rooms.names.eventTypes.find(type);
    if (typeNid === undefined) continue;
    const eventNids = await readCurrentStateOfType(reader, roomNid, typeNid);
    for (const row of await readEvents(reader, [...eventNids.values()])) {
      texts.set(row.event_nid, pduJson(row, version));
    }
  }
  return [...texts.values()];
}
