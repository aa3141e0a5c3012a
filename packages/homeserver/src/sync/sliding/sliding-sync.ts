import type { JsonObject } from '@soma/protocol';

import { readAt } from '../../storage/database.ts';
import { Turns } from '../../streams/turns.ts';
import { concernsUser } from '../changed-rooms.ts';
import type { AnswerPlace } from '../changed-rooms.ts';
import type { RoomTimeline } from '../room-timeline.ts';
import type { Connection, Known, SentRoom, Told } from './connection.ts';
import { acknowledgeToDevice } from './encryption-extensions.ts';
import { readExtensions } from './extensions.ts';
import { readRoom } from './read-room.ts';
import type { RoomAnswer } from './read-room.ts';
import { readStripped } from './read-stripped.ts';
import { addedState } from './room-config.ts';
import type { RoomConfig } from './room-config.ts';
import { selectRooms } from './select-rooms.ts';
import type { ScopedRoom } from './select-rooms.ts';
import type { SlidingContext } from './sliding-context.ts';
import type { SlidingPass } from './sliding-pass.ts';
import type { SlidingRequest } from './sliding-request.ts';

/** Longer than this no request waits. */
const TIMEOUT_MS_MAX = 5 * 60_000;

/**
 * Simplified sliding sync (MSC4186): answers with what is new in the rooms that the lists and subscriptions show,
 * waiting for it up to the timeout. Throws `400 M_UNKNOWN_POS`.
 */
export async function slidingSync(
  context: SlidingContext,
  request: SlidingRequest,
): Promise<JsonObject> {
  const { viewer, connId, pos, signal } = request;
  const { connections, sync } = context;
  const key = `${viewer.userNid} ${viewer.deviceNid ?? 0} ${connId}`;
  const connection = pos === undefined ? connections.begin(key) : connections.find(key);
  await acknowledgeToDevice(sync, viewer, request.extensions.toDevice?.since);
  const deadline = Date.now() + Math.min(request.timeoutMs, TIMEOUT_MS_MAX);
  for (;;) {
    const answer = await answerOnce(context, request, connection.at(pos));
    const leftMs = deadline - Date.now();
    const isOver = pos === undefined || answer.hasNews || leftMs <= 0 || signal.aborted;
    if (!isOver && concernsUser(sync, viewer, answer.place)) continue;
    const { userNid, deviceNid } = viewer;
    const end = isOver ? 'timeout' : await sync.notifier.wait(userNid, leftMs, signal, deviceNid);
    if (end !== 'changed') return finish(context, key, connection, pos, answer);
  }
}

interface Answer {
  readonly body: JsonObject;
  readonly hasNews: boolean;
  readonly told: Told;
  readonly place: AnswerPlace;
}

function finish(
  { connections }: SlidingContext,
  key: string,
  connection: Connection,
  pos: string | undefined,
  { body, told }: Answer,
): JsonObject {
  const next = connection.tell(pos, told);
  connections.weigh(key, connection);
  return { pos: next, ...body };
}

function answerOnce(
  context: SlidingContext,
  request: SlidingRequest,
  known: Known,
): Promise<Answer> {
  const { sync } = context;
  return readAt(sync.rooms.database, async (reader, upTo) => {
    const { viewer } = request;
    const typing = sync.sources.typing.counter;
    const list = await context.lists.of(reader, viewer.userNid, upTo);
    const pass: SlidingPass = { context, reader, viewer, upTo, list, known };
    const selection = await selectRooms(pass, request);
    const told = await readRooms(pass, selection.rooms);
    const question = { pass, request, selection, timelines: told.timelines };
    const extensions = await readExtensions(question);
    const counts = countsOf(selection.lists);
    const hasNews =
      Object.keys(told.rooms).length > 0 || extensions.hasNews || counts !== known.lists;
    // Who may wait is woken by what happens in all rooms.
    const rooms =
      known.since === undefined || request.timeoutMs === 0 || hasNews
        ? new Map()
        : await sync.userRooms.of(reader, viewer.userNid, upTo);
    return {
      hasNews,
      body: { lists: selection.lists, rooms: told.rooms, extensions: extensions.body },
      told: {
        since: upTo,
        typing,
        lists: counts,
        rooms: told.sent,
        receipts: extensions.receipts,
        accountData: extensions.accountData,
      },
      // Presence is no part of sliding sync.
      place: { position: upTo, typing, presence: Number.MAX_SAFE_INTEGER, rooms },
    };
  });
}

function countsOf(lists: JsonObject): string {
  return JSON.stringify(Object.entries(lists).map(([key, list]) => [key, Object(list)['count']]));
}

interface ToldRooms {
  /** The `rooms` of the answer. */
  readonly rooms: JsonObject;
  readonly sent: ReadonlyMap<number, SentRoom>;
  readonly timelines: ReadonlyMap<number, RoomTimeline>;
}

async function readRooms(
  pass: SlidingPass,
  scope: ReadonlyMap<number, ScopedRoom>,
): Promise<ToldRooms> {
  const { context, reader, viewer, upTo } = pass;
  const wanted = new Wanted(pass);
  const looked = [...scope.values()].filter((scoped) => wanted.mayHaveNews(scoped));
  const joined = looked.flatMap(({ room: { membership, roomNid } }) =>
    membership === 'join' ? [roomNid] : [],
  );
  const { sources, rooms: domain } = context.sync;
  const unread =
    joined.length === 0 ? new Map() : await sources.unread(reader, viewer.userNid, joined, upTo);
  const turns = new Turns();
  const rooms: JsonObject = {};
  const sent = new Map<number, SentRoom>();
  const timelines = new Map<number, RoomTimeline>();
  for (const scoped of looked) {
    await turns.next();
    const { roomNid, membership } = scoped.room;
    const before = pass.known.room(roomNid);
    const answer: RoomAnswer =
      membership === 'invite' || membership === 'knock'
        ? await readStripped(pass, scoped, before)
        : await readRoom(pass, scoped, before, unread.get(roomNid)?.total);
    sent.set(roomNid, answer.sent);
    if (answer.timeline !== undefined) timelines.set(roomNid, answer.timeline);
    if (answer.json !== undefined) rooms[await domain.names.rooms.text(roomNid)] = answer.json;
  }
  return { rooms, sent, timelines };
}

/** Decides in memory of which rooms there may be something to tell. */
class Wanted {
  readonly #pass: SlidingPass;
  /** Rooms mostly share one configuration, and so does what the client knows of them. */
  readonly #covered = new Map<RoomConfig, Map<RoomConfig, boolean>>();

  constructor(pass: SlidingPass) {
    this.#pass = pass;
  }

  mayHaveNews({ room, config }: ScopedRoom): boolean {
    const { known, list } = this.#pass;
    const before = known.room(room.roomNid);
    if (before === undefined) return true;
    if (before.membership !== room.membership) return true;
    const isOut = room.membership === 'leave' || room.membership === 'ban';
    const isLater = isOut
      ? room.position > before.upTo
      : list.touchedAt(room.roomNid) > before.upTo;
    return isLater || !this.#isCovered(config, before.config);
  }

  #isCovered(wanted: RoomConfig, known: RoomConfig): boolean {
    if (wanted === known) return true;
    const others = this.#covered.get(wanted) ?? new Map<RoomConfig, boolean>();
    this.#covered.set(wanted, others);
    const found = others.get(known);
    if (found !== undefined) return found;
    const isCovered =
      wanted.timelineLimit <= known.timelineLimit &&
      addedState(wanted.requiredState, known.requiredState).size === 0;
    others.set(known, isCovered);
    return isCovered;
  }
}
