import { createEventIdOf } from '../events/event-id.ts';
import { authEventKeys } from './auth-event-keys.ts';
import type { AuthContext } from './context.ts';
import { reject } from './rule.ts';
import type { Rule, RuleGroup } from './rule.ts';
import type { AuthEvent } from './types.ts';

/** If the event's `room_id` is not the ID of an accepted create event (version 12 and later). */
export const roomIdIsCreateEvent: Rule = {
  in: ({ roomId }) => roomId === 'create-event',
  check: ({ event, create }) => {
    if (create !== undefined && create.rejected !== true) {
      if (event.room_id?.startsWith('!') && createEventIdOf(event.room_id) === create.eventId) {
        return undefined;
      }
    }
    return reject('the room ID is not that of an accepted create event');
  },
};

/** Considering the event's `auth_events`. */
export const authEvents: RuleGroup = {
  when: () => true,
  rules: [
    {
      check: (context) =>
        new Set(listed(context).map(keyOf)).size < listed(context).length
          ? reject('two auth events have the same type and state key')
          : undefined,
    },
    { check: rejectUnselected },
    {
      check: (context) =>
        listed(context).some(({ rejected }) => rejected === true)
          ? reject('an auth event was rejected')
          : undefined,
    },
    {
      in: ({ createIsAuthEvent }) => createIsAuthEvent,
      check: ({ create, evidence }) => {
        const isListed =
          evidence.authEvents === undefined ||
          evidence.authEvents.some(({ type }) => type === 'm.room.create');
        return create !== undefined && isListed ? undefined : reject('there is no create event');
      },
    },
    {
      check: (context) =>
        listed(context).some(({ room_id }) => room_id !== context.event.room_id)
          ? reject('an auth event is of another room')
          : undefined,
    },
  ],
};

const NONE: readonly AuthEvent[] = [];

function listed({ evidence }: AuthContext): readonly AuthEvent[] {
  return evidence.authEvents ?? NONE;
}

function rejectUnselected(context: AuthContext) {
  if (listed(context).length === 0) return undefined;
  const selected = new Set(
    authEventKeys(context.event, context.version).map(([type, key]) => JSON.stringify([type, key])),
  );
  for (const authEvent of listed(context)) {
    if (!selected.has(keyOf(authEvent))) {
      return reject(`${authEvent.type} is not an auth event of this event`);
    }
  }
  return undefined;
}

function keyOf({ type, state_key: stateKey }: AuthEvent): string {
  return JSON.stringify([type, stateKey ?? null]);
}
