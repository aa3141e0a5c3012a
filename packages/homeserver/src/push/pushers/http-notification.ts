import { isJsonObject } from '@soma/protocol';
import type { JsonObject, PushAction } from '@soma/protocol';

import { readReadPositions } from '../../ephemeral/read-position-store.ts';
import { readMembership } from '../../membership/membership-store.ts';
import { EventFlag } from '../../rooms/event-store.ts';
import { readAt } from '../../storage/database.ts';
import type { Reader } from '../../storage/sql.ts';
import { isRead } from '../is-read.ts';
import { readThreadsOfEvents } from '../notification-store.ts';
import { describeRoom, nameOfMember } from './describe-room.ts';
import type { QueuedPush } from './push-queue-store.ts';
import { readPushedEvent } from './pushed-event.ts';
import type { PushedEvent } from './pushed-event.ts';
import type { Pusher } from './pusher-store.ts';
import type { Pushers } from './pushers.ts';
import { readBadge } from './read-badge.ts';

/** What is to be told, and the number of what is unread that comes with it. */
export interface HttpNotification {
  /** Undefined where there is nothing to tell any more. */
  readonly body: JsonObject | undefined;
  readonly badge: number;
}

/** The body of a request to a push gateway (Push Gateway API, `POST /notify`). */
export function httpNotification(
  pushers: Pushers,
  pusher: Pusher,
  push: QueuedPush,
): Promise<HttpNotification> {
  return readAt(pushers.database, async (reader, position) => {
    const { userNid } = pusher;
    const badge = await readBadge(reader, userNid, position, pushers.config.groupUnreadCountByRoom);
    if (push.eventNid === 0) {
      const body = badge === pusher.badge ? undefined : badgeNotification(pusher, badge);
      return { body, badge };
    }
    const row = await readPushedEvent(reader, push.eventNid);
    if (row === undefined || (await isOver(reader, pusher, push, row))) {
      return { body: undefined, badge: pusher.badge ?? 0 };
    }
    return { body: await eventNotification(pushers, reader, pusher, push, row, badge), badge };
  });
}

/** What was redacted, read, or belongs to an invitation that is answered, is told no more. */
export async function isOver(
  reader: Reader,
  { userNid }: Pick<Pusher, 'userNid'>,
  { eventNid, roomNid }: QueuedPush,
  { flags, event_order: order }: PushedEvent,
): Promise<boolean> {
  if ((flags & EventFlag.redacted) !== 0) return true;
  const membership = await readMembership(reader, userNid, roomNid);
  if (membership?.membership === 'invite') return membership.eventNid !== eventNid;
  if (membership?.membership !== 'join') return true;
  const threads = await readThreadsOfEvents(reader, [eventNid]);
  const read = (await readReadPositions(reader, userNid, [roomNid])).get(roomNid);
  return isRead(order, threads.get(eventNid) ?? 0, read);
}

/** The number is told also where it is 0, as Synapse does: by that gateways clear it on the app. */
function badgeNotification(pusher: Pusher, badge: number): JsonObject {
  return { notification: { counts: { unread: badge }, devices: [device(pusher)] } };
}

async function eventNotification(
  pushers: Pushers,
  reader: Reader,
  pusher: Pusher,
  { actions, roomNid }: QueuedPush,
  row: PushedEvent,
  badge: number,
): Promise<JsonObject> {
  const { rooms } = pushers.pushRules;
  const { userNid } = pusher;
  const tweaks = tweaksOf(actions);
  const { type, sender, content, state_key: stateKey } = JSON.parse(row.json);
  const notification: JsonObject = {
    event_id: row.event_id,
    room_id: await rooms.names.rooms.text(roomNid),
    counts: { unread: badge },
    prio: priorityOf(type, tweaks),
  };
  if (pusher.description.data['format'] === 'event_id_only') {
    return { notification: { ...notification, devices: [device(pusher)] } };
  }
  Object.assign(notification, { id: row.event_id, type, sender });
  notification['devices'] = [{ ...device(pusher), tweaks }];
  if (type === 'm.room.member') {
    notification['membership'] = content['membership'];
    notification['user_is_target'] = stateKey === (await rooms.names.users.text(userNid));
  }
  if (!pushers.config.includeContent) return { notification };
  const { name, alias } = await describeRoom(rooms, reader, roomNid, userNid);
  if (name !== undefined) notification['room_name'] = name;
  if (alias !== undefined) notification['room_alias'] = alias;
  notification['sender_display_name'] = await nameOfMember(rooms, reader, roomNid, row.sender_nid);
  notification['content'] = content;
  return { notification };
}

function device({ appId, pushkey, pushkeyTs, description }: Pusher): JsonObject {
  const { url: _url, ...data } = description.data;
  return { app_id: appId, pushkey, pushkey_ts: Math.floor(pushkeyTs / 1000), data };
}

function tweaksOf(actions: readonly PushAction[]): JsonObject {
  const tweaks: JsonObject = {};
  for (const action of actions) {
    if (!isJsonObject(action) || typeof action['set_tweak'] !== 'string') continue;
    // CS API, "Actions": a highlight without a value is one.
    tweaks[action['set_tweak']] = action['value'] ?? true;
  }
  return tweaks;
}

/** As Synapse: what makes a sound or may, since it cannot be read here, do so. */
function priorityOf(type: string, tweaks: JsonObject): 'high' | 'low' {
  const { highlight, sound } = tweaks;
  const isLoud = highlight === true || (sound !== undefined && sound !== false && sound !== '');
  return type === 'm.room.encrypted' || isLoud ? 'high' : 'low';
}
