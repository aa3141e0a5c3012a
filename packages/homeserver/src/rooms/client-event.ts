import type { JsonObject } from '@soma/protocol';

import type { StoredEvent } from './stored-event.ts';

/**
 * An event in the format that clients get (CS API, "Room event format"). `unsigned` is the caller's: it depends
 * on who asks. `roomId` is absent inside `/sync`, where the room is known.
 */
export function clientEvent(
  event: Pick<StoredEvent, 'eventId' | 'pdu'>,
  unsigned: JsonObject,
  roomId: string | undefined,
): JsonObject {
  const { pdu } = event;
  const client: JsonObject = {
    type: pdu.type,
    sender: pdu.sender,
    content: pdu.content,
    event_id: event.eventId,
    origin_server_ts: pdu.origin_server_ts,
  };
  if (pdu.state_key !== undefined) client['state_key'] = pdu.state_key;
  if (roomId !== undefined) client['room_id'] = roomId;
  if (pdu.type === 'm.room.redaction') mirrorRedacts(client, event);
  client['unsigned'] = unsigned;
  return client;
}

/** Room version 11: clients find `redacts` at both places, whichever the room version uses. */
function mirrorRedacts(client: JsonObject, { pdu }: Pick<StoredEvent, 'pdu'>): void {
  const redacts = pdu.redacts ?? pdu.content['redacts'];
  if (typeof redacts !== 'string') return;
  client['redacts'] = redacts;
  client['content'] = { ...pdu.content, redacts };
}
