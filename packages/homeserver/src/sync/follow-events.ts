import type { JsonObject } from '@soma/protocol';

import { forbidden, invalidParam } from '../errors/matrix-error.ts';
import { readRoomAccess } from '../rooms/room-access.ts';
import type { Viewer } from '../rooms/viewer.ts';
import { readAt } from '../storage/database.ts';
import type { Reader } from '../storage/sql.ts';
import { changedRooms, concernsUser } from './changed-rooms.ts';
import type { AnswerPlace } from './changed-rooms.ts';
import { readEphemeral } from './joined-room.ts';
import { filterWithLimit, oldPresence } from './old-room.ts';
import { readPresence } from './presence-section.ts';
import { readStream } from './room-stream.ts';
import type { FollowedRoom } from './room-stream.ts';
import { openPass } from './sync-context.ts';
import type { AccountDataChanges, SyncContext, SyncPass } from './sync-context.ts';
import { formatSyncToken, parseSyncToken } from './sync-token.ts';
import type { SyncToken } from './sync-token.ts';

/** What a client of the old API, or one that peeks, waits for (CS API, `GET /events`). */
export interface FollowRequest {
  readonly viewer: Viewer;
  /** Undefined: from now on. */
  readonly from: string | undefined;
  readonly timeoutMs: number;
  /** Follows this room alone, which the viewer is in or which is world readable. */
  readonly roomId: string | undefined;
  readonly signal: AbortSignal;
}

/** Longer than this no request waits. */
const TIMEOUT_MS_MAX = 5 * 60_000;

interface Answer extends AnswerPlace {
  readonly chunk: readonly JsonObject[];
  readonly end: string;
}

/** Answers with what came after `from`, waiting for it up to the timeout. Throws `400 M_INVALID_PARAM`. */
export async function followEvents(
  context: SyncContext,
  request: FollowRequest,
): Promise<JsonObject> {
  const { notifier } = context;
  const { viewer, signal } = request;
  const token = tokenOf(context, request.from);
  const start = request.from ?? tokenText(context, token);
  const deadline = Date.now() + Math.min(request.timeoutMs, TIMEOUT_MS_MAX);
  for (;;) {
    const answer = await answerOnce(context, request, token);
    const body = { start, end: answer.end, chunk: [...answer.chunk] };
    const leftMs = deadline - Date.now();
    if (answer.chunk.length > 0 || leftMs <= 0 || signal.aborted) return body;
    if (concernsUser(context, viewer, answer)) continue;
    const { peeked } = answer;
    const end =
      peeked === undefined
        ? await notifier.wait(viewer.userNid, leftMs, signal)
        : await notifier.waitForRoom(peeked, leftMs, signal);
    if (end !== 'changed') return body;
  }
}

function tokenOf({ rooms: { database }, sources }: SyncContext, from: string | undefined) {
  if (from === undefined) {
    const { typing, presence } = sources;
    const { position } = database;
    return {
      position,
      typing: typing.counter,
      presence: presence.counter,
      toDevice: 0,
    };
  }
  const token = parseSyncToken('from', database.incarnation, from);
  if (token === undefined || token.position > database.position) {
    throw invalidParam('from is not a token of this server as it is now');
  }
  return token;
}

function tokenText(context: SyncContext, token: SyncToken) {
  const { position, typing = 0, presence = 0, toDevice } = token;
  const { incarnation } = context.rooms.database;
  return formatSyncToken(incarnation, position, { typing, presence }, toDevice);
}

function answerOnce(
  context: SyncContext,
  request: FollowRequest,
  token: SyncToken,
): Promise<Answer & { readonly peeked: number | undefined }> {
  return readAt(context.rooms.database, async (reader, position) => {
    const { sources } = context;
    const counters = { typing: sources.typing.counter, presence: sources.presence.counter };
    const { viewer, roomId } = request;
    const options = {
      viewer,
      filter: filterWithLimit(0),
      since: token.position,
      typingSince: token.typing,
    };
    const followed = await followedRooms(context, reader, request, token, position);
    const stream = await readStream(openPass(context, reader, position, options), followed);
    // Where the events are too many for one answer, the rest of it ends where they end.
    const pass = openPass(context, reader, stream.upTo, options);
    const accountData: AccountDataChanges =
      roomId === undefined
        ? await sources.accountData(reader, viewer, token.position, stream.upTo)
        : { global: [], rooms: new Map() };
    const chunk = [
      ...stream.events,
      ...(await readRoomEphemeral(pass, followed, accountData)),
      ...accountData.global.map((event) => ({ ...event })),
      ...(roomId === undefined ? oldPresence(await readPresence(pass, token.presence)) : []),
    ];
    return {
      chunk,
      end: tokenText(context, { ...token, position: stream.upTo, ...counters }),
      position,
      ...counters,
      rooms: new Map(followed.map((room) => [room.roomNid, room])),
      peeked: roomId === undefined ? undefined : followed[0]?.roomNid,
    };
  });
}

/** The rooms of which something may be in the stream, or the one that is peeked into. */
async function followedRooms(
  context: SyncContext,
  reader: Reader,
  { viewer, roomId }: FollowRequest,
  token: SyncToken,
  position: number,
): Promise<FollowedRoom[]> {
  if (roomId !== undefined) {
    const { roomNid, leftBy } = await readRoomAccess(context.rooms, reader, viewer, roomId);
    // Who has left may read what was, and has nothing to wait for.
    if (leftBy !== undefined) throw forbidden('You are not in this room');
    return [{ roomNid, roomId, record: undefined }];
  }
  const followed: FollowedRoom[] = [];
  for (const record of (await context.userRooms.of(reader, viewer.userNid, position)).values()) {
    const { roomNid, membership, forgotten } = record;
    const isNew = record.position > token.position && !forgotten;
    if (membership !== 'join' && !isNew) continue;
    const id = await context.rooms.names.rooms.text(roomNid);
    followed.push({ roomNid, roomId: id, record: isNew ? record : undefined });
  }
  return followed;
}

/** Receipts, typing and room account data, each with its room. */
async function readRoomEphemeral(
  pass: SyncPass,
  followed: readonly FollowedRoom[],
  accountData: AccountDataChanges,
): Promise<JsonObject[]> {
  const changed = changedRooms(pass, accountData);
  const events: JsonObject[] = [];
  for (const { roomNid, roomId } of followed) {
    if (changed?.has(roomNid) === false) continue;
    const news = [
      ...(await readEphemeral(pass, roomNid, pass.since)),
      ...(accountData.rooms.get(roomNid) ?? []),
    ];
    events.push(...news.map((event) => ({ ...event, room_id: roomId })));
  }
  return events;
}
