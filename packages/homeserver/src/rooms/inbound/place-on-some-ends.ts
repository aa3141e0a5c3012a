import { authorise } from '@soma/protocol';

import { forbidden } from '../../errors/matrix-error.ts';
import type { EventPlace } from '../event-place.ts';
import type { PreparedEvent } from '../prepared-event.ts';
import type { RoomHead } from '../room-head.ts';
import type { Rooms } from '../rooms.ts';
import { authStateOf } from './auth-state.ts';
import { placeEvent } from './place-event.ts';
import { mergeStates, storedState } from './state-references.ts';

/**
 * The place of an event of this server in a room with more ends than an event may name: the state before it is that of the
 * ends that it names. Throws `403 M_FORBIDDEN` where that does not allow it. All of the head must be committed.
 */
export async function placeOnSomeEnds(
  rooms: Rooms,
  head: RoomHead,
  event: PreparedEvent,
): Promise<EventPlace> {
  const references = await Promise.all(
    head.parents.map((parent) => storedState(rooms, head, parent.stateAfter)),
  );
  const before = await mergeStates(rooms, head, references);
  const subject = { ...event.built.pdu, eventId: event.built.eventId };
  const state = await authStateOf(rooms, before, subject, head.version);
  const verdict = authorise(subject, state, head.version, { verify: rooms.verify });
  if (!verdict.allowed) throw forbidden(verdict.reason);
  return placeEvent(rooms, head, { event, before, verdict: 'accepted', hasChild: false });
}
