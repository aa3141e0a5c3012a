import type { Pdu } from '@soma/protocol';

import type { PreparedEvent } from '../prepared-event.ts';
import { relationOf } from '../relations/relation-of.ts';
import type { Rooms } from '../rooms.ts';
import type { CheckedPdu } from './check-pdu.ts';

/** The nids of the events that it stands on. */
export interface EventParents {
  readonly prevEventNids: readonly number[];
  readonly authEventNids: readonly number[];
}

/** Interns the names of a checked event. */
export async function internEvent(
  rooms: Rooms,
  roomNid: number,
  { pdu, eventId, roomId, reference, json }: CheckedPdu,
  eventNid: number,
  parents: EventParents,
): Promise<PreparedEvent> {
  const { names } = rooms;
  return {
    built: { pdu, eventId, roomId, reference },
    json,
    eventNid,
    roomNid,
    typeNid: await names.eventTypes.intern(pdu.type),
    stateKeyNid:
      pdu.state_key === undefined ? null : await names.stateKeys.intern(pdu.type, pdu.state_key),
    senderNid: await names.users.intern(pdu.sender),
    ...parents,
    origin: undefined,
    relation: await relationOf(rooms, { ...pdu, stateKey: pdu.state_key }),
  };
}

/** Interns the names of many events in few commits. */
export async function internNames({ names }: Rooms, events: readonly CheckedPdu[]): Promise<void> {
  const pairs = events.flatMap(({ pdu: { type, state_key: stateKey } }) =>
    stateKey === undefined ? [] : [{ type, stateKey }],
  );
  await Promise.all([
    names.eventTypes.internAll(events.map(({ pdu }) => pdu.type)),
    names.stateKeys.internAll(pairs),
    names.users.internAll(events.flatMap(({ pdu }) => usersIn(pdu))),
  ]);
}

function usersIn({ type, sender, state_key: stateKey }: Pdu): string[] {
  return type === 'm.room.member' && stateKey !== undefined ? [sender, stateKey] : [sender];
}
