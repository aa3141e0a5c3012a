import fc from 'fast-check';

import { valueAt } from '../../harness/json-path.ts';
import type { SeenEvent } from '../seen-event.ts';

/** A `RoomEventFilter` as it is sent. */
export interface SentFilter {
  readonly types?: readonly string[];
  readonly not_types?: readonly string[];
  readonly senders?: readonly string[];
  readonly not_senders?: readonly string[];
  readonly rooms?: readonly string[];
  readonly not_rooms?: readonly string[];
  readonly contains_url?: boolean;
  readonly limit?: number;
}

const patterns = ['m.room.message', 'm.room.*', 'm.*', '*', '*.a', 'org.example.a', 'm.room.topic'];

/** Any filter over these senders, and the rooms that it is given later. */
export function filters(
  senders: readonly string[],
): fc.Arbitrary<(rooms: readonly string[]) => SentFilter> {
  const rest = fc.record(
    {
      types: fc.subarray(patterns),
      not_types: fc.subarray(patterns, { maxLength: 2 }),
      senders: fc.subarray([...senders]),
      not_senders: fc.subarray([...senders], { maxLength: 1 }),
      contains_url: fc.boolean(),
      limit: fc.integer({ min: 0, max: 12 }),
    },
    { requiredKeys: ['limit'], noNullPrototype: true },
  );
  const chosen = fc.option(fc.array(fc.nat(1), { maxLength: 2 }), { nil: undefined });
  const left = fc.array(fc.nat(1), { maxLength: 1 });
  return fc.tuple(rest, chosen, left).map(([filter, inside, outside]) => (rooms) => {
    const named = (indexes: readonly number[]): string[] =>
      indexes.map((index) => rooms[index] ?? '');
    return {
      ...filter,
      ...(inside === undefined ? {} : { rooms: named(inside) }),
      not_rooms: named(outside),
    };
  });
}

/** What the specification says of filters, word for word: "not_" wins, `*` stands for any text. */
export function passes(filter: SentFilter, roomId: string, event: SeenEvent): boolean {
  const { types, not_types: notTypes = [], senders, not_senders: notSenders = [] } = filter;
  const { rooms, not_rooms: notRooms = [], contains_url: containsUrl } = filter;
  const isType = (pattern: string): boolean =>
    new RegExp(`^${pattern.replaceAll('.', String.raw`\.`).replaceAll('*', '.*')}$`).test(
      event.type,
    );
  if (notTypes.some(isType) || types?.some(isType) === false) return false;
  if (notSenders.includes(event.sender) || senders?.includes(event.sender) === false) return false;
  if (notRooms.includes(roomId) || rooms?.includes(roomId) === false) return false;
  const hasUrl = valueAt(event.content, 'url') !== undefined;
  return containsUrl === undefined || containsUrl === hasUrl;
}
