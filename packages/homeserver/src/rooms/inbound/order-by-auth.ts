import { authEventIds } from '@soma/protocol';

import { Turns } from '../../streams/turns.ts';
import type { CheckedPdu } from './check-pdu.ts';

/**
 * Events in an order in which each comes after its auth events. Left out is what stands on itself, on what is left out, or on
 * what is neither here nor known.
 */
export async function orderByAuth(
  events: Iterable<CheckedPdu>,
  isKnown: (eventId: string) => boolean,
): Promise<CheckedPdu[]> {
  const turns = new Turns();
  const byId = new Map<string, CheckedPdu>();
  for (const event of events) {
    byId.set(event.eventId, event);
    await turns.next();
  }
  const waitingFor = new Map<string, number>();
  const neededBy = new Map<string, CheckedPdu[]>();
  const ready: CheckedPdu[] = [];
  for (const event of byId.values()) {
    const needed = new Set(authEventIds(event.pdu).filter((id) => !isKnown(id) || byId.has(id)));
    waitingFor.set(event.eventId, needed.size);
    for (const id of needed) {
      // Every member event of a room needs the same few.
      const others = neededBy.get(id);
      if (others === undefined) neededBy.set(id, [event]);
      else others.push(event);
    }
    if (needed.size === 0) ready.push(event);
    await turns.next();
  }
  // It comes first: in room version 12 and later all others stand on it without naming it.
  const first: CheckedPdu[] = [];
  const ordered: CheckedPdu[] = [];
  for (let event = ready.pop(); event !== undefined; event = ready.pop()) {
    (isCreate(event) ? first : ordered).push(event);
    for (const child of neededBy.get(event.eventId) ?? []) {
      const left = (waitingFor.get(child.eventId) ?? 0) - 1;
      waitingFor.set(child.eventId, left);
      if (left === 0) ready.push(child);
    }
    await turns.next();
  }
  return [...first, ...ordered];
}

function isCreate({ pdu }: CheckedPdu): boolean {
  return pdu.type === 'm.room.create';
}
