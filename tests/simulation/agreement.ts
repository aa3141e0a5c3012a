import type { RoomView } from './room-view.ts';

/** What the servers that are in a room do not agree on; empty where they agree. */
export function disagreements(roomId: string, views: readonly RoomView[]): string[] {
  const [first, ...others] = views;
  if (first === undefined) return [];
  return others.flatMap((other) => {
    const between = `${roomId}: ${first.server} and ${other.server}`;
    const eventsOf = (view: RoomView): Record<string, string> =>
      Object.fromEntries(
        [...view.events.values()]
          .filter(({ verdict }) => verdict !== 'rejected')
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
