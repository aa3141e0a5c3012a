import { prevEventIds } from '@soma/protocol';

import type { RoomView } from './room-view.ts';

/** What the servers that are in a room do not agree on; empty where they agree. */
export function disagreements(roomId: string, views: readonly RoomView[]): string[] {
  const [first, ...others] = views;
  if (first === undefined) return [];
  const abandoned = abandonedEvents(views);
  return others.flatMap((other) => {
    const between = `${roomId}: ${first.server} and ${other.server}`;
    const eventsOf = (view: RoomView): Record<string, string> =>
      Object.fromEntries(
        [...view.events.values()]
          .filter(({ verdict, eventId }) => verdict !== 'rejected' && !abandoned.has(eventId))
          .map(({ eventId }) => [eventId, 'known']),
      );
    return [
      ...differences(`${between}, state`, first.state, other.state),
      ...differences(`${between}, members`, membersOf(first), membersOf(other)),
      ...differences(`${between}, events`, eventsOf(first), eventsOf(other)),
    ];
  });
}

/** Who is out of the room without an event of the current state is listed only where they were in it before. */
function membersOf({ members, state }: RoomView): Record<string, string> {
  return Object.fromEntries(
    Object.entries(members).filter(
      ([userId, membership]) => membership !== 'leave' || `m.room.member|${userId}` in state,
    ),
  );
}

function differences(
  what: string,
  one: Readonly<Record<string, string>>,
  other: Readonly<Record<string, string>>,
): string[] {
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return keys
    .filter((key) => one[key] !== other[key])
    .map((key) => `${what}: ${key} is ${one[key] ?? 'absent'}, and ${other[key] ?? 'absent'}`);
}

/**
 * What all servers hide but the one that sent it, and nothing stands on: a server whose join the sender had not heard of
 * was not told of it, and nobody else tells.
 */
function abandonedEvents(views: readonly RoomView[]): ReadonlySet<string> {
  const all = views.flatMap(({ server, events }) =>
    [...events.values()].map((event) => ({ ...event, server })),
  );
  const isHidden = ({ verdict }: (typeof all)[number]): boolean => verdict === 'soft-failed';
  const abandoned = new Set(all.filter(isHidden).map(({ eventId }) => eventId));
  for (const event of all) {
    const isOfSender = event.pdu.sender.endsWith(`:${event.server}`);
    if (!isHidden(event) && !isOfSender) abandoned.delete(event.eventId);
  }
  for (let before = -1; before !== abandoned.size;) {
    before = abandoned.size;
    for (const { eventId, pdu } of all) {
      if (abandoned.has(eventId)) continue;
      for (const id of prevEventIds(pdu)) abandoned.delete(id);
    }
  }
  return abandoned;
}
