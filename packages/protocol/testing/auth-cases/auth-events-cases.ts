import type { AuthEvent } from '../../src/auth-rules/types.ts';
import { MOD, USER } from './world.ts';
import type { AuthCase } from './world.ts';

const message = { type: 'm.room.message', sender: USER, content: { body: 'x' } };

/** The rules for what an event lists in `auth_events`: changes to what should be listed. */
export const authEventsCases: readonly AuthCase[] = [
  {
    name: 'what was selected',
    event: message,
    authEvents: (selected) => [...selected],
    rule: 'otherwise',
    allowed: true,
  },
  {
    name: 'the same state twice',
    event: message,
    authEvents: (selected) => [...selected, ...last(selected, { eventId: '$another:example.org' })],
    rule: 'auth-duplicate',
    allowed: false,
  },
  {
    name: 'state that was not selected',
    event: message,
    authEvents: (selected) => [...selected, ...last(selected, { state_key: MOD })],
    rule: 'auth-selection',
    allowed: false,
  },
  {
    name: 'a message',
    event: message,
    authEvents: (selected) => [
      ...selected,
      ...selected.slice(-1).map(({ state_key: _stateKey, ...event }) => event),
    ],
    rule: 'auth-selection',
    allowed: false,
  },
  {
    name: 'the create event, where no event lists it',
    event: message,
    authEvents: (selected, create) => [...selected, create],
    rule: 'auth-selection',
    allowed: false,
    from: 12,
  },
  {
    name: 'a rejected event',
    event: message,
    authEvents: (selected) => [...selected.slice(0, -1), ...last(selected, { rejected: true })],
    rule: 'auth-rejected',
    allowed: false,
  },
  {
    name: 'no create event',
    event: message,
    authEvents: (selected) => selected.filter(({ type }) => type !== 'm.room.create'),
    rule: 'auth-create',
    allowed: false,
  },
  {
    name: 'an event of another room',
    event: message,
    authEvents: (selected) => [
      ...selected.slice(0, -1),
      ...last(selected, { room_id: '!other:example.org' }),
    ],
    rule: 'auth-room',
    allowed: false,
  },
];

function last(events: readonly AuthEvent[], changes: Partial<AuthEvent>): AuthEvent[] {
  return events.slice(-1).map((event) => ({ ...event, ...changes }));
}
