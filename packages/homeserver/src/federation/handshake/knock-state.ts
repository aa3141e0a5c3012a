import { STRIPPED_STATE_KEYS } from '../../membership/stripped-state.ts';
import { pduJson } from '../../rooms/pdu-json.ts';
import { readCurrentEvent } from '../../rooms/read-current-event.ts';
import type { AskedRoom } from '../serving/admit-server.ts';
import type { Serving } from '../serving/serving.ts';

/** What one who knocks is shown of a room: events in the room version's format (SS API, `PUT /send_knock`). */
export async function knockState(
  { rooms }: Serving,
  { roomNid, version }: AskedRoom,
): Promise<string[]> {
  const texts: string[] = [];
  for (const [type, stateKey] of STRIPPED_STATE_KEYS) {
    const row = await readCurrentEvent(rooms.names, rooms.database.reader, roomNid, type, stateKey);
    if (row !== undefined) texts.push(pduJson(row, version));
  }
  return texts;
}
