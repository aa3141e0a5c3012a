import fc from 'fast-check';

import type { JsonObject } from '../../src/canonical-json.ts';
import { jsonObject } from '../json-arbitrary.ts';
import { placeOf } from './room-event.ts';
import type { RoomEvent, RoomState } from './room-event.ts';

/** Events that no checks have seen: cycles of auth events, absent create events, any content. */
export interface HostileStates {
  readonly events: readonly RoomEvent[];
  readonly states: readonly RoomState[];
}

const EVENTS_MAX = 14;

const user = fc.constantFrom('@alice:example.org', '@bob:example.org', 'nobody', '');
const type = fc.constantFrom(
  'm.room.create',
  'm.room.member',
  'm.room.member',
  'm.room.power_levels',
  'm.room.power_levels',
  'm.room.join_rules',
  'm.room.topic',
  '__proto__',
);
const content: fc.Arbitrary<JsonObject> = fc.oneof(
  fc.constantFrom<JsonObject[]>(
    { membership: 'join' },
    { membership: 'ban' },
    { membership: 'leave' },
    { membership: 'invite', third_party_invite: { signed: { mxid: '', token: '' } } },
    { users: { '@alice:example.org': 100 } },
    { users: { '@bob:example.org': '1e400' }, ban: -1 },
    { join_rule: 'public' },
    { creator: '@alice:example.org' },
  ),
  jsonObject,
);
/** The numbers of events, some of which there are not. */
const numbers = fc.array(fc.nat(EVENTS_MAX + 1), { maxLength: 5 });

const event = fc.record({
  type,
  stateKey: fc.oneof(fc.constant(''), user),
  sender: user,
  content,
  authEvents: numbers,
  ts: fc.nat(3),
  isRejected: fc.boolean(),
});

/** Any such states. */
export const hostileStates: fc.Arbitrary<HostileStates> = fc
  .record({
    drawn: fc.array(event, { maxLength: EVENTS_MAX }),
    chosen: fc.array(numbers, { maxLength: 4 }),
  })
  .map(({ drawn, chosen }) => {
    const events = drawn.map((one, index): RoomEvent => {
      const isCreate = one.type === 'm.room.create';
      return {
        eventId: idOf(index),
        type: one.type,
        state_key: one.stateKey,
        sender: one.sender,
        content: one.content,
        ...(isCreate ? {} : { room_id: '!0' }),
        prev_events: isCreate ? [] : [idOf(0)],
        auth_events: one.authEvents.map(idOf),
        depth: one.ts,
        origin_server_ts: one.ts,
        rejected: one.isRejected,
      };
    });
    const states = chosen.map(
      (indexes) =>
        new Map(
          indexes.map((index) => {
            const known = events[index];
            return [known === undefined ? `unknown|${index}` : placeOf(known), idOf(index)];
          }),
        ),
    );
    return { events, states };
  });

function idOf(index: number): string {
  return `$${index}`;
}
