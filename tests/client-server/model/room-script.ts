import { sendState, sendText, type TestUser } from '../../harness/client.ts';
import { ok, readMessages, refusedAct, roomPath, v3 } from '../requests.ts';

/** What happens in the room; what a step's user may not do at the moment is refused, and that is fine. */
export const steps = [
  'owner speaks',
  'owner speaks',
  'owner sets the topic',
  'owner sets other state',
  'owner invites',
  'owner kicks',
  'owner redacts',
  'guest speaks',
  'guest joins',
  'guest joins',
  'guest leaves',
  'guest takes a name',
  'guest syncs',
  'guest syncs',
] as const;
export type Step = (typeof steps)[number];

export interface Scene {
  readonly owner: TestUser;
  readonly guest: TestUser;
  readonly roomId: string;
}

let count = 0;

export async function perform(step: Step, { owner, guest, roomId }: Scene): Promise<unknown> {
  count += 1;
  const target = { user_id: guest.userId };
  const actions: Readonly<Record<Step, () => Promise<unknown>>> = {
    'owner speaks': () => sendText(owner, roomId, `owner ${count}`),
    'owner sets the topic': () =>
      sendState(owner, roomId, 'm.room.topic', '', { topic: `${count}` }),
    'owner sets other state': () =>
      sendState(owner, roomId, 'org.example.s', `${count % 3}`, { count }),
    'owner invites': () => refusedAct(owner, roomId, 'invite', target),
    'owner kicks': () => refusedAct(owner, roomId, 'kick', target),
    'owner redacts': async () => {
      const page = await readMessages(owner, roomId, { limit: 3 });
      const message = page.events.findLast(({ type }) => type === 'm.room.message');
      if (message === undefined) return;
      const path = roomPath(roomId, 'redact', message.eventId, `redaction-${count}`);
      await ok(owner, 'PUT', path, { body: {} });
    },
    'guest speaks': () => {
      const path = roomPath(roomId, 'send', 'm.room.message', `guest-${count}`);
      return guest.request('PUT', path, { body: { msgtype: 'm.text', body: `guest ${count}` } });
    },
    'guest joins': () => refusedAct(guest, roomId, 'join'),
    'guest leaves': () => refusedAct(guest, roomId, 'leave'),
    'guest takes a name': () => {
      const path = `${v3}/profile/${encodeURIComponent(guest.userId)}/displayname`;
      return guest.request('PUT', path, { body: { displayname: `Guest ${count}` } });
    },
    'guest syncs': async () => {},
  };
  return actions[step]();
}
