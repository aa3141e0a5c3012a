import { CREATOR } from './world.ts';
import type { AuthCase } from './world.ts';

const create = { type: 'm.room.create', sender: CREATOR, state_key: '', prev_events: [] };

/** Rule 1. */
export const createCases: readonly AuthCase[] = [
  {
    name: 'a create event with its creator',
    event: { ...create, content: { creator: CREATOR, room_version: '1' } },
    rule: 'create-otherwise',
    allowed: true,
    to: 10,
  },
  {
    name: 'a create event without creator',
    event: { ...create, content: {} },
    rule: 'create-creator',
    allowed: false,
    to: 10,
  },
  {
    name: 'a create event of version 11 needs no creator',
    event: { ...create, content: { room_version: '11' } },
    rule: 'create-otherwise',
    allowed: true,
    from: 11,
    to: 11,
  },
  {
    name: 'a create event with prev events',
    event: { ...create, prev_events: ['$x'], content: { creator: CREATOR } },
    rule: 'create-prev-events',
    allowed: false,
  },
  {
    name: 'a room ID without a server',
    event: { ...create, room_id: '!room', content: { creator: CREATOR } },
    rule: 'create-room-domain',
    allowed: false,
  },
  {
    name: 'a room ID of another server',
    event: { ...create, room_id: '!room:other.org', content: { creator: CREATOR } },
    rule: 'create-room-domain',
    allowed: false,
    to: 11,
  },
  {
    name: 'a create event of version 12 with a room ID',
    event: { ...create, room_id: '!room:example.org', content: {} },
    rule: 'create-room-id',
    allowed: false,
    from: 12,
  },
  {
    name: 'a room version that nobody knows',
    event: { ...create, content: { creator: CREATOR, room_version: 'org.example.unknown' } },
    rule: 'create-version',
    allowed: false,
  },
  {
    name: 'a room version that is a number',
    event: { ...create, content: { creator: CREATOR, room_version: 10 } },
    rule: 'create-version',
    allowed: false,
  },
  {
    name: 'additional creators that are no list',
    event: { ...create, content: { additional_creators: '@a:example.org' } },
    rule: 'create-additional',
    allowed: false,
    from: 12,
  },
  {
    name: 'an additional creator that is no user ID',
    event: { ...create, content: { additional_creators: ['@a:example.org', 'bob'] } },
    rule: 'create-additional',
    allowed: false,
    from: 12,
  },
  {
    name: 'version 11 does not look at additional creators',
    event: { ...create, content: { additional_creators: 'x' } },
    rule: 'create-otherwise',
    allowed: true,
    from: 11,
    to: 11,
  },
  {
    name: 'a create event of version 12',
    event: { ...create, content: { room_version: '12', additional_creators: ['@a:example.org'] } },
    rule: 'create-otherwise',
    allowed: true,
    from: 12,
  },
  {
    name: 'a create event of version 12 without additional creators',
    event: { ...create, content: {} },
    rule: 'create-otherwise',
    allowed: true,
    from: 12,
  },
];
