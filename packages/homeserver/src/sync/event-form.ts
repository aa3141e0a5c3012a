import { selectFields } from '@soma/protocol';
import type { JsonObject, SyncFilter } from '@soma/protocol';

import type { StoredEvent } from '../rooms/stored-event.ts';

/** How a response writes an event, given the event and its JSON for clients. */
export type EventForm = (
  event: Pick<StoredEvent, 'eventId' | 'pdu'>,
  client: JsonObject,
) => JsonObject;

/** The form that a filter asks for by `event_format` and `event_fields`. */
export function eventFormOf({ eventFormat, eventFields }: SyncFilter): EventForm {
  const whole: EventForm = eventFormat === 'federation' ? federationForm : (_, client) => client;
  if (eventFields === undefined) return whole;
  return (event, client) => selectFields(eventFields, whole(event, client));
}

/** The event as servers exchange it, with what the client needs to tell events apart. */
function federationForm(
  { pdu, eventId }: Pick<StoredEvent, 'eventId' | 'pdu'>,
  { unsigned = {} }: JsonObject,
): JsonObject {
  return { ...pdu, event_id: eventId, unsigned };
}
