import { CREATOR } from './world.ts';
import type { AuthCase } from './world.ts';

const create = { type: 'm.room.create', sender: CREATOR, state_key: '', prev_events: [] };
const OLD = ['10', '11'];
const NEW = ['12'];

/** Rule 1. In version 11 the rule about `creator` is gone and "otherwise, allow" moves up. */
export const createCases: readonly AuthCase[] = [
  {
    name: 'a create event of version 10',
    event: { ...create, content: { creator: CREATOR, room_version: '10' } },
    rule: ['1.5', ''],
    allowed: true,
    versions: ['10'],
  },
  {
    name: 'a create event of version 10 without creator',
    event: { ...create, content: { room_version: '10' } },
    rule: ['1.4', ''],
    allowed: false,
    versions: ['10'],
  },
  {
    name: 'a create event of version 11 needs no creator',
    event: { ...create, content: { room_version: '11' } },
    rule: ['1.4', ''],
    allowed: true,
    versions: ['11'],
  },
  {
    name: 'a create event with prev events',
    event: { ...create, prev_events: ['$x'], content: { creator: CREATOR } },
    rule: ['1.1', '1.1'],
    allowed: false,
  },
  {
    name: 'a room ID of another server',
    event: { ...create, room_id: '!room:other.org', content: { creator: CREATOR } },
    rule: ['1.2', ''],
    allowed: false,
    versions: OLD,
  },
  {
    name: 'a create event of version 12 with a room ID',
    event: { ...create, room_id: '!room:example.org', content: {} },
    rule: ['', '1.2'],
    allowed: false,
    versions: NEW,
  },
  {
    name: 'a room version that nobody knows',
    event: { ...create, content: { creator: CREATOR, room_version: 'org.example.unknown' } },
    rule: ['1.3', '1.3'],
    allowed: false,
  },
  {
    name: 'a room version that is a number',
    event: { ...create, content: { creator: CREATOR, room_version: 10 } },
    rule: ['1.3', '1.3'],
    allowed: false,
  },
  {
    name: 'additional creators that are no list',
    event: { ...create, content: { additional_creators: '@a:example.org' } },
    rule: ['', '1.4'],
    allowed: false,
    versions: NEW,
  },
  {
    name: 'an additional creator that is no user ID',
    event: { ...create, content: { additional_creators: ['@a:example.org', 'bob'] } },
    rule: ['', '1.4'],
    allowed: false,
    versions: NEW,
  },
  {
    name: 'version 11 does not look at additional creators',
    event: { ...create, content: { additional_creators: 'x' } },
    rule: ['1.4', ''],
    allowed: true,
    versions: ['11'],
  },
  {
    name: 'a create event of version 12',
    event: { ...create, content: { room_version: '12', additional_creators: ['@a:example.org'] } },
    rule: ['', '1.5'],
    allowed: true,
    versions: NEW,
  },
  {
    name: 'a create event of version 12 without additional creators',
    event: { ...create, content: {} },
    rule: ['', '1.5'],
    allowed: true,
    versions: NEW,
  },
];
