import { authorise, type AuthEvent, type EventToAuthorise, type JsonObject } from '@soma/protocol';

import { knownVersion } from '../../packages/protocol/testing/room-versions.ts';
import type { Measure, ProtocolScenario } from './scenario.ts';

const members = 1000;
const moderators = 100;
const version = knownVersion('12');
const createId = '$37iwD-DyT01UTC3QaO2Ot9nDS1G-rmVcGz0DYMPzG6c';
const room = { room_id: `!${createId.slice(1)}`, prev_events: [createId] };
const levels: JsonObject = {
  users: Object.fromEntries(
    Array.from({ length: moderators }, (_, index) => [userOf(index), index === 0 ? 100 : 50]),
  ),
  users_default: 0,
  events: { 'm.room.name': 50, 'm.room.power_levels': 100 },
  events_default: 0,
  state_default: 50,
};

export const auth: ProtocolScenario = {
  name: 'auth',
  title: 'Authorising events',
  about:
    `Verdicts against the state of a room of version 12 with ${members.toLocaleString('en')} members, of whom ` +
    `${moderators} have a power level of their own. The state is a map in memory; signatures are not part of it.`,
  measures: () => {
    const state = stateOfRoom();
    return [
      allowed('a message', state, {
        type: 'm.room.message',
        sender: userOf(500),
        content: { msgtype: 'm.text', body: 'hello' },
      }),
      allowed('a join', state, {
        type: 'm.room.member',
        state_key: userOf(members),
        sender: userOf(members),
        content: { membership: 'join' },
      }),
      allowed('a change of power levels', state, {
        type: 'm.room.power_levels',
        state_key: '',
        sender: userOf(0),
        content: { ...levels, events_default: 10 },
      }),
    ];
  },
};

function allowed(
  title: string,
  state: ReadonlyMap<string, AuthEvent>,
  event: Omit<EventToAuthorise, 'eventId' | 'room_id' | 'prev_events'>,
): Measure {
  const asked: EventToAuthorise = { eventId: '$asked', ...room, ...event };
  const read = { get: (type: string, key: string) => state.get(`${type}|${key}`) };
  return {
    title,
    soma: () => {
      const verdict = authorise(asked, read, version);
      if (!verdict.allowed) throw new Error(verdict.reason);
      return verdict;
    },
  };
}

function stateOfRoom(): ReadonlyMap<string, AuthEvent> {
  const state = new Map<string, AuthEvent>();
  const put = (type: string, key: string, sender: string, content: JsonObject): void => {
    const eventId = type === 'm.room.create' ? createId : `$${type}|${key}`;
    const place = type === 'm.room.create' ? {} : { room_id: room.room_id };
    state.set(`${type}|${key}`, { eventId, type, state_key: key, sender, content, ...place });
  };
  const creator = '@creator:example.org';
  put('m.room.create', '', creator, { room_version: version.id });
  put('m.room.power_levels', '', creator, levels);
  put('m.room.join_rules', '', creator, { join_rule: 'public' });
  for (let index = 0; index < members; index += 1) {
    put('m.room.member', userOf(index), userOf(index), { membership: 'join' });
  }
  return state;
}

function userOf(index: number): string {
  return `@user${index}:example.org`;
}
