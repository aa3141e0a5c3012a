import { matchesEvent, matchesRoom } from '@soma/protocol';
import type { JsonObject, SyncFilter } from '@soma/protocol';

import { invalidParam } from '../errors/matrix-error.ts';
import type { MembershipRecord } from '../membership/membership-store.ts';
import type { Viewer } from '../rooms/viewer.ts';
import { readAt } from '../storage/database.ts';
import { Turns } from '../streams/turns.ts';
import { changedRooms, concernsUser } from './changed-rooms.ts';
import type { AnswerPlace } from './changed-rooms.ts';
import { hasDeviceLists, readDeviceLists } from './device-lists.ts';
import { acknowledge, readDeviceSections } from './device-sections.ts';
import { passFor } from './filter-room.ts';
import { readJoinedRoom, withUnread } from './joined-room.ts';
import type { RoomQuestion } from './joined-room.ts';
import { readLeftRoom, readStrippedRoom } from './left-room.ts';
import { readLoneLeave } from './member-event.ts';
import { membershipAt } from './membership-at.ts';
import { readPresence } from './presence-section.ts';
import { openPass } from './sync-context.ts';
import type { AccountDataChanges, StateAfter, SyncContext, SyncPass } from './sync-context.ts';
import { formatSyncToken, parseSyncToken } from './sync-token.ts';
import type { SyncToken } from './sync-token.ts';
import { readUnwhole } from './unwhole-rooms.ts';
import type { UnwholeRooms } from './unwhole-rooms.ts';
import type { Memberships } from './user-rooms.ts';

/** What a client asks of `/sync`. */
export interface SyncRequest {
  readonly viewer: Viewer;
  readonly filter: SyncFilter;
  readonly since: string | undefined;
  readonly timeoutMs: number;
  readonly fullState: boolean;
  readonly useStateAfter: StateAfter;
  readonly signal: AbortSignal;
}

/** Longer than this no request waits. */
const TIMEOUT_MS_MAX = 5 * 60_000;

/** CS API, `GET /sync`: answers with what is new, waiting for it up to the timeout. */
export async function sync(context: SyncContext, request: SyncRequest): Promise<JsonObject> {
  const { database } = context.rooms;
  const token =
    request.since === undefined
      ? undefined
      : parseSyncToken('since', database.incarnation, request.since);
  if (token !== undefined && token.position > database.position) {
    throw invalidParam('since lies in the future of this server');
  }
  if (token !== undefined) await acknowledge(context, request.viewer, token);
  const waits = token !== undefined && !request.fullState;
  const deadline = Date.now() + Math.min(request.timeoutMs, TIMEOUT_MS_MAX);
  for (;;) {
    const answer = waits
      ? await answerOnce(context, request, token)
      : await context.longAnswers.run(() => answerOnce(context, request, token));
    if (!waits || !answer.isEmpty) return answer.body;
    const leftMs = deadline - Date.now();
    if (leftMs <= 0 || request.signal.aborted) return answer.body;
    const { viewer, signal } = request;
    if (concernsUser(context, viewer, answer)) continue;
    const end = await context.notifier.wait(viewer.userNid, leftMs, signal, viewer.deviceNid);
    if (end !== 'changed') return answer.body;
  }
}

interface Answer extends AnswerPlace {
  readonly body: JsonObject;
  readonly isEmpty: boolean;
}

function answerOnce(
  context: SyncContext,
  request: SyncRequest,
  token: SyncToken | undefined,
): Promise<Answer> {
  return readAt(context.rooms.database, async (reader, position) => {
    const counters = {
      typing: context.sources.typing.counter,
      presence: context.sources.presence.counter,
    };
    const pass = openPass(context, reader, position, {
      ...request,
      since: token?.position ?? -1,
      typingSince: token?.typing,
    });
    const { userNid } = request.viewer;
    const memberships = await context.userRooms.of(reader, userNid, position);
    const accountData = await context.sources.accountData(
      reader,
      request.viewer,
      pass.since,
      position,
    );
    const rooms = await readRooms(pass, memberships, accountData);
    const globalData = accountData.global.filter((event) =>
      matchesEvent(request.filter.accountData, event),
    );
    const presence = await readPresence(pass, token?.presence);
    const device = await readDeviceSections(pass, token?.toDevice);
    // A client from before a backup was restored may know devices that are gone: it looks at all again.
    const listsSince = request.since === undefined ? undefined : (token?.position ?? 0);
    const deviceLists =
      listsSince === undefined
        ? undefined
        : await readDeviceLists({ ...pass, since: listsSince }, memberships);
    const { incarnation } = context.rooms.database;
    return {
      body: {
        next_batch: formatSyncToken(incarnation, position, counters, device.toDeviceUpTo),
        ...(globalData.length === 0
          ? {}
          : { account_data: { events: globalData.map((event) => ({ ...event })) } }),
        ...(presence.length === 0 ? {} : { presence: { events: presence } }),
        ...(rooms === undefined ? {} : { rooms }),
        ...(deviceLists === undefined ? {} : { device_lists: { ...deviceLists } }),
        ...device.sections,
      },
      isEmpty:
        rooms === undefined &&
        globalData.length === 0 &&
        presence.length === 0 &&
        !device.hasMessages &&
        !hasDeviceLists(deviceLists),
      position,
      ...counters,
      rooms: memberships,
    };
  });
}

type RoomSections = Record<'join' | 'invite' | 'knock' | 'leave', JsonObject>;

async function readRooms(
  pass: SyncPass,
  memberships: Memberships,
  accountData: AccountDataChanges,
): Promise<JsonObject | undefined> {
  const sections: RoomSections = { join: {}, invite: {}, knock: {}, leave: {} };
  const joined: [roomId: string, roomNid: number, room: JsonObject][] = [];
  const changed = changedRooms(pass, accountData);
  const unwhole = await readUnwhole(pass);
  const turns = new Turns();
  for (const record of memberships.values()) {
    await turns.next();
    const isNew = record.position > pass.since;
    const mayHaveNews = isNew || changed === undefined || changed.has(record.roomNid);
    if (!pass.fullState && !mayHaveNews) continue;
    const roomId = await pass.context.rooms.names.rooms.text(record.roomNid);
    if (!matchesRoom(pass.filter.room, roomId)) continue;
    if (pass.context.excludedRooms.has(roomId)) continue;
    const part = await readRoom(passFor(pass, roomId), record, accountData, unwhole);
    if (part === undefined) continue;
    if (part.section === 'join') joined.push([roomId, record.roomNid, part.room]);
    else sections[part.section][roomId] = part.room;
  }
  const unread = await pass.context.sources.unread(
    pass.reader,
    pass.viewer.userNid,
    joined.map(([, roomNid]) => roomNid),
    pass.upTo,
  );
  for (const [roomId, roomNid, room] of joined) {
    const counts = unread.get(roomNid);
    sections.join[roomId] = counts === undefined ? room : withUnread(pass, room, counts);
  }
  const filled = Object.entries(sections).filter(([, rooms]) => Object.keys(rooms).length > 0);
  return filled.length === 0 ? undefined : Object.fromEntries(filled);
}

interface RoomPart {
  readonly section: keyof RoomSections;
  readonly room: JsonObject;
}

async function readRoom(
  pass: SyncPass,
  record: MembershipRecord,
  accountData: AccountDataChanges,
  unwhole: UnwholeRooms,
): Promise<RoomPart | undefined> {
  const { roomNid, membership } = record;
  const isNew = record.position > pass.since;
  if (membership === 'invite' || membership === 'knock') {
    if (!isNew && !pass.fullState) return undefined;
    const events = await readStrippedRoom(pass, record);
    if (events === undefined) return undefined;
    return { section: membership, room: { [`${membership}_state`]: { events } } };
  }
  const isTold = record.forgottenByLeaving && isNew && pass.since >= 0;
  if (record.forgotten && !isTold) return undefined;
  const isOut = membership !== 'join';
  if (!isOut && unwhole.hidden.has(roomNid)) return undefined;
  if (isOut && (pass.since < 0 ? !pass.filter.room.includeLeave : !isNew)) return undefined;
  const loneLeave = isOut ? await readLoneLeave(pass, record) : undefined;
  if (loneLeave !== undefined) return { section: 'leave', room: loneLeave };
  const version = await pass.context.rooms.versions.of(pass.reader, roomNid);
  if (version === undefined) return undefined;
  const before =
    isNew && pass.since >= 0 ? await membershipAt(pass, roomNid, pass.viewer.userId) : membership;
  const isFilled = unwhole.filled.has(roomNid);
  const isHeardOf = before === 'join' && (!isFilled || pass.filter.room.state.lazyLoadMembers);
  const question: RoomQuestion = {
    roomNid,
    version,
    since: pass.since >= 0 && isHeardOf ? pass.since : undefined,
    isFilled,
    accountData: accountData.rooms.get(roomNid) ?? [],
  };
  if (isOut) return { section: 'leave', room: await readLeftRoom(pass, question, record) };
  const room = await readJoinedRoom(pass, question);
  return room === undefined ? undefined : { section: 'join', room };
}
