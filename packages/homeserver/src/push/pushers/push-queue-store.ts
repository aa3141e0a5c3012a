import type { PushAction } from '@soma/protocol';

import { unescapeText } from '../../storage/escape-text.ts';
import { query, statement } from '../../storage/sql.ts';
import type { Reader, Statement } from '../../storage/sql.ts';
import type { PusherKind } from './pusher-store.ts';

/** What a pusher is still to be told. */
export interface QueuedPush {
  readonly position: number;
  /** 0 where only the number of what is unread has changed. */
  readonly eventNid: number;
  readonly roomNid: number;
  readonly actions: readonly PushAction[];
  readonly queuedTs: number;
}

/** A member of a room with pushers. */
export interface PushedMember {
  readonly userNid: number;
  readonly displayName: string | undefined;
}

/** A pusher of such a member that wants to know. */
export interface ListeningPusher {
  readonly pusherNid: number;
  readonly kind: PusherKind;
  /** It is told of what comes after this position. */
  readonly fromPosition: number;
}

const members = query<{ user_nid: number; display_name: string | null }>(
  `select m.user_nid, m.display_name from memberships m
   where m.room_nid = ? and m.local = 1 and m.membership = 1 and exists (
     select 1 from pushers p where p.user_nid = m.user_nid and p.enabled = 1)`,
);
const listening = query<{ pusher_nid: number; kind: PusherKind; from_position: number }>(
  'select pusher_nid, kind, from_position from pushers where user_nid = ? and enabled = 1',
);
/** (room, above, up to) */
const readers = query<{ user_nid: number }>(
  `select distinct r.user_nid from receipts r
   where r.room_nid = ? and r.position > ? and r.position <= ? and exists (
     select 1 from pushers p where p.user_nid = r.user_nid and p.enabled = 1)`,
);
const insert = query(
  `insert into push_queue (pusher_nid, position, event_nid, room_nid, actions, queued_ts)
   values (?, ?, ?, ?, ?, ?) on conflict do nothing`,
);
const remove = query(
  'delete from push_queue where pusher_nid = ? and position = ? and event_nid = ?',
);
const removeOld = query('delete from push_queue where pusher_nid = ? and queued_ts < ?');
const removeBadges = query('delete from push_queue where pusher_nid = ? and event_nid = 0');
const first = query<{
  position: number;
  event_nid: number;
  room_nid: number;
  actions: string;
  queued_ts: number;
}>(
  `select position, event_nid, room_nid, actions, queued_ts from push_queue
   where pusher_nid = ?
   order by case when event_nid = 0 then 1 else 0 end, position, event_nid limit ?`,
);
const due = query<{ pusher_nid: number; next_ts: number }>(
  `select p.pusher_nid, p.next_ts from pushers p
   where p.enabled = 1 and exists (
     select 1 from push_queue q where q.pusher_nid = p.pusher_nid)
   order by p.next_ts limit ?`,
);

/** Members of this server with a pusher, who are joined. */
export async function readPushedMembers(reader: Reader, roomNid: number): Promise<PushedMember[]> {
  return (await reader.all(members, roomNid)).map((row) => ({
    userNid: row.user_nid,
    displayName: row.display_name === null ? undefined : unescapeText(row.display_name),
  }));
}

export async function readListeningPushers(
  reader: Reader,
  userNid: number,
): Promise<ListeningPusher[]> {
  return (await reader.all(listening, userNid)).map((row) => ({
    pusherNid: row.pusher_nid,
    kind: row.kind,
    fromPosition: row.from_position,
  }));
}

/** Owners of pushers who have read something in a room, at a position in (`above`, `upTo`]. */
export async function readPushedReaders(
  reader: Reader,
  roomNid: number,
  above: number,
  upTo: number,
): Promise<number[]> {
  return (await reader.all(readers, roomNid, above, upTo)).map((row) => row.user_nid);
}

export function queuePushStatement(pusherNid: number, push: QueuedPush): Statement {
  const { position, eventNid, roomNid, actions, queuedTs } = push;
  const json = JSON.stringify(actions);
  return statement(insert, pusherNid, position, eventNid, roomNid, json, queuedTs);
}

/** The newest number is the one that matters. */
export function queueBadgeStatements(pusherNid: number, position: number, nowMs: number) {
  const badge = { position, eventNid: 0, roomNid: 0, actions: [], queuedTs: nowMs };
  return [statement(removeBadges, pusherNid), queuePushStatement(pusherNid, badge)];
}

export function deletePushStatement(pusherNid: number, push: QueuedPush): Statement {
  return statement(remove, pusherNid, push.position, push.eventNid);
}

/** What was queued before `beforeTs`. */
export function deleteOldPushesStatement(pusherNid: number, beforeTs: number): Statement {
  return statement(removeOld, pusherNid, beforeTs);
}

/** What a pusher is told next: events, oldest first, and a bare number last, since events bring the number too. */
export async function readQueuedPushes(
  reader: Reader,
  pusherNid: number,
  limit: number,
): Promise<QueuedPush[]> {
  return (await reader.all(first, pusherNid, limit)).map((row) => ({
    position: row.position,
    eventNid: row.event_nid,
    roomNid: row.room_nid,
    actions: JSON.parse(row.actions),
    queuedTs: row.queued_ts,
  }));
}

/** The pushers that are to be told something, with the time from which on, the soonest first. */
export async function readDuePushers(
  reader: Reader,
  limit: number,
): Promise<{ readonly pusherNid: number; readonly nextTs: number }[]> {
  const rows = await reader.all(due, limit);
  return rows.map((row) => ({ pusherNid: row.pusher_nid, nextTs: row.next_ts }));
}
