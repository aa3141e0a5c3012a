import type { JsonObject, RoomVersion } from '@soma/protocol';
import { matchesEvent } from '@soma/protocol';

import type { ViewedEvent } from '../rooms/view-events.ts';
import { readRoomState, stateJson } from './room-state.ts';
import { readSummary } from './room-summary.ts';
import { readTimeline, timelineJson } from './room-timeline.ts';
import type { RoomTimeline } from './room-timeline.ts';
import type { AccountDataEvent, RoomUnread, SyncPass, UnreadCount } from './sync-context.ts';

/** A room to be looked at for one response. */
export interface RoomQuestion {
  readonly roomNid: number;
  readonly version: RoomVersion;
  /** The client knows the room as of this position; undefined when it must be told all. */
  readonly since: number | undefined;
  /** Members whom this server did not know of after a join have become known since then. */
  readonly isFilled?: boolean;
  readonly accountData: readonly AccountDataEvent[];
}

/** A joined room's part of the response, without its unread counts; undefined when there is nothing to tell. */
export async function readJoinedRoom(
  pass: SyncPass,
  question: RoomQuestion,
): Promise<JsonObject | undefined> {
  const { roomNid, version, isFilled = false } = question;
  const since = pass.fullState ? undefined : question.since;
  const timeline = await readTimeline(pass, roomNid, question.since ?? -1, pass.upTo);
  const membersChanged =
    since === undefined || isFilled || (await haveMembersChanged(pass, roomNid, since, timeline));
  const summary = membersChanged ? await readSummary(pass, roomNid) : undefined;
  const state = await readRoomState(pass, {
    roomNid,
    version,
    timeline,
    since,
    upTo: pass.upTo,
    memberIds: [
      ...timeline.events.map(({ event }) => event.pdu.sender),
      ...(since === undefined ? [pass.viewer.userId] : []),
      ...(summary?.heroIds ?? []),
    ],
  });
  const ephemeral = await readEphemeral(pass, roomNid, question.since);
  const accountData = question.accountData.filter((event) =>
    matchesEvent(pass.filter.room.accountData, event),
  );
  const isEmpty =
    !isFilled &&
    timeline.events.length === 0 &&
    !timeline.limited &&
    state.length === 0 &&
    ephemeral.length === 0 &&
    accountData.length === 0;
  if (isEmpty && since !== undefined) return undefined;
  return {
    timeline: timelineJson(timeline, pass.form),
    [pass.useStateAfter || 'state']: stateJson(pass, state, pass.form),
    ephemeral: { events: ephemeral.map((event) => ({ ...event })) },
    account_data: { events: accountData.map(({ type, content }) => ({ type, content })) },
    summary: summary?.json ?? {},
  };
}

/** Adds unread counts as the filter wants them (CS API, "Receiving notifications"). */
export function withUnread(pass: SyncPass, room: JsonObject, unread: RoomUnread): JsonObject {
  if (!pass.filter.room.timeline.unreadThreadNotifications) {
    return { ...room, unread_notifications: countJson(unread.total) };
  }
  const threads = [...unread.threads].map(([rootId, count]) => [rootId, countJson(count)]);
  return {
    ...room,
    unread_notifications: countJson(unread.main),
    unread_thread_notifications: Object.fromEntries(threads),
  };
}

function countJson({ notify, highlight }: UnreadCount): JsonObject {
  return { notification_count: notify, highlight_count: highlight };
}

/** Whether the summary may have changed. */
async function haveMembersChanged(
  pass: SyncPass,
  roomNid: number,
  since: number,
  timeline: RoomTimeline,
): Promise<boolean> {
  const isMember = ({ event }: ViewedEvent): boolean => event.pdu.type === 'm.room.member';
  if (timeline.events.some(isMember)) return true;
  const { stateKeys } = pass.context.rooms.names;
  const differences = await pass.context.shared.differences(pass.reader, {
    roomNid,
    since,
    upTo: pass.upTo,
  });
  for (const { stateKeyNid } of differences) {
    if ((await stateKeys.pair(stateKeyNid)).type === 'm.room.member') return true;
  }
  return false;
}

/** Receipts and typing that the client has not seen. */
export async function readEphemeral(
  pass: SyncPass,
  roomNid: number,
  since: number | undefined,
): Promise<AccountDataEvent[]> {
  const { reader, viewer, context, upTo } = pass;
  const events: AccountDataEvent[] = [];
  const receipts = await context.sources.receipts(reader, viewer, roomNid, since ?? -1, upTo);
  if (receipts !== undefined) events.push({ type: 'm.receipt', content: receipts });
  const { typing } = context.sources;
  const typingNow = typing.usersTyping(roomNid);
  if (since === undefined ? typingNow.length > 0 : pass.typingChanged.has(roomNid)) {
    events.push({ type: 'm.typing', content: { user_ids: [...typingNow] } });
  }
  return events.filter((event) => matchesEvent(pass.filter.room.ephemeral, event));
}
