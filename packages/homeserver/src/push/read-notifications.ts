import { evaluatePushRules } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { readReadPositions } from '../ephemeral/read-position-store.ts';
import { MAIN_TIMELINE } from '../ephemeral/thread.ts';
import { invalidParam } from '../errors/matrix-error.ts';
import { EventFlag, readEvents } from '../rooms/event-store.ts';
import { viewEvents } from '../rooms/view-events.ts';
import type { ViewedEvent } from '../rooms/view-events.ts';
import type { Viewer } from '../rooms/viewer.ts';
import { readAt } from '../storage/database.ts';
import type { Reader } from '../storage/sql.ts';
import { isRead } from './is-read.ts';
import { readEventNidsAt, readNotifiedPlaces, readThreadsOfEvents } from './notification-store.ts';
import type { NotifiedPlace } from './notification-store.ts';
import { openQuestion } from './open-question.ts';
import { toPushEvent } from './push-event.ts';
import type { PushRules } from './push-rules.ts';

/** What a user was notified of (CS API, `GET /notifications`). */
export interface NotificationsRequest {
  readonly viewer: Viewer;
  readonly from: string | undefined;
  readonly limit: number;
  readonly only: 'all' | 'highlight';
}

interface Notification {
  readonly position: number;
  readonly json: JsonObject;
}

const LIMIT_MAX = 50;
/** How many events one page looks at for those that notify by the rules that the user has now. */
const ROWS_MAX = 500;
const TOKEN = /^\d{1,15}$/;

/**
 * The newest events that notify by the rules that the user has now. Nothing is stored for each member: what may have
 * notified is found through the unread numbers of the user's rooms. Throws `400 M_INVALID_PARAM`.
 */
export function readNotifications(
  pushRules: PushRules,
  request: NotificationsRequest,
): Promise<JsonObject> {
  const { viewer, from, only } = request;
  if (from !== undefined && !TOKEN.test(from))
    throw invalidParam('from is not a token of this list');
  const limit = Math.min(request.limit, LIMIT_MAX);
  return readAt(pushRules.rooms.database, async (reader) => {
    const found: Notification[] = [];
    let below = from === undefined ? Number.MAX_SAFE_INTEGER : Number(from);
    let isLast = false;
    for (let read = 0; read < ROWS_MAX && found.length < limit && !isLast;) {
      const wanted = limit - found.length;
      const places = await readNotifiedPlaces(reader, viewer.userNid, only, below, wanted);
      found.push(...(await notificationsAt(pushRules, reader, request, places)));
      below = places.at(-1)?.position ?? below;
      isLast = places.length < wanted;
      read += Math.max(1, places.length);
    }
    return {
      notifications: found.map(({ json }) => json),
      ...(isLast ? {} : { next_token: String(below) }),
    };
  });
}

async function notificationsAt(
  pushRules: PushRules,
  reader: Reader,
  request: NotificationsRequest,
  places: readonly NotifiedPlace[],
): Promise<Notification[]> {
  const positions = new Map<number, number[]>();
  for (const { roomNid, position } of places) {
    positions.set(roomNid, [...(positions.get(roomNid) ?? []), position]);
  }
  const found: Notification[] = [];
  for (const [roomNid, ofRoom] of positions) {
    found.push(...(await notificationsIn(pushRules, reader, request, roomNid, ofRoom)));
  }
  return found.toSorted((one, other) => other.position - one.position);
}

async function notificationsIn(
  { rooms, ruleSets }: PushRules,
  reader: Reader,
  { viewer, only }: NotificationsRequest,
  roomNid: number,
  positions: readonly number[],
): Promise<Notification[]> {
  const eventNids = await readEventNidsAt(reader, roomNid, positions);
  const rows = await readEvents(reader, eventNids);
  const kept = rows.filter(({ flags }) => (flags & EventFlag.redacted) === 0);
  const viewed = await viewEvents(rooms, reader, viewer, roomNid, kept, { withoutRoomId: true });
  const [ruleSet] = await ruleSets.of(viewer.userNid, roomNid);
  if (viewed.length === 0 || ruleSet === undefined) return [];
  const roomId = await rooms.names.rooms.text(roomNid);
  const { questionOf, displayNameOf } = await openQuestion(rooms, reader, roomNid);
  const displayName = await displayNameOf(viewer.userId);
  const user = { userId: viewer.userId, ...(displayName === undefined ? {} : { displayName }) };
  const threads = await readThreadsOfEvents(reader, eventNids);
  const read = (await readReadPositions(reader, viewer.userNid, [roomNid])).get(roomNid);
  return viewed.flatMap(({ event, client }: ViewedEvent) => {
    const pushEvent = toPushEvent(event.pdu, roomId);
    const question = questionOf(pushEvent);
    const outcome = evaluatePushRules(ruleSet.rules, pushEvent, question, user);
    if (!outcome.notify || (only === 'highlight' && !outcome.highlight)) return [];
    const threadNid = threads.get(event.eventNid) ?? MAIN_TIMELINE;
    const json = {
      actions: [...outcome.actions],
      event: client,
      read: isRead(event.order, threadNid, read),
      room_id: roomId,
      ts: event.pdu.origin_server_ts,
    };
    return [{ position: event.order ?? 0, json }];
  });
}
