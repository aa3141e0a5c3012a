import { isJsonObject } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { GLOBAL, readAccountDataOfRooms } from '../../accounts/account-data-store.ts';
import { readSubscriptionsPage } from '../../rooms/relations/thread-subscriptions-page.ts';
import type { RoomTimeline } from '../room-timeline.ts';
import type { AccountDataEvent } from '../sync-context.ts';
import { readE2ee, readToDevice } from './encryption-extensions.ts';
import type { ExtensionAnswer } from './encryption-extensions.ts';
import type { ListedRoom } from './room-listing-store.ts';
import type { Selection } from './select-rooms.ts';
import type { SlidingPass } from './sliding-pass.ts';
import type { ExtensionScope, SlidingRequest } from './sliding-request.ts';

/** What the extensions of one answer are made for. */
export interface ExtensionQuestion {
  readonly pass: SlidingPass;
  readonly request: SlidingRequest;
  readonly selection: Selection;
  /** What the answer tells of rooms. */
  readonly timelines: ReadonlyMap<number, RoomTimeline>;
}

/** The extensions of one answer, and what the client then knows. */
export interface ExtensionAnswers {
  /** The `extensions` of the answer. */
  readonly body: JsonObject;
  readonly hasNews: boolean;
  readonly receipts: Map<number, number>;
  readonly accountData: Map<number, boolean>;
}

/** Answers the extensions that are asked for; unknown ones never come here (MSC4186, extensions). */
export async function readExtensions(question: ExtensionQuestion): Promise<ExtensionAnswers> {
  const receipts = new Map<number, number>();
  const accountData = new Map<number, boolean>();
  const { extensions } = question.request;
  const answers: Record<string, ExtensionAnswer | undefined> = {
    to_device: extensions.toDevice && (await readToDevice(question.pass, extensions.toDevice)),
    e2ee: extensions.e2ee ? await readE2ee(question.pass) : undefined,
    account_data:
      extensions.accountData &&
      (await readAccountData(question, extensions.accountData, accountData)),
    receipts: extensions.receipts && (await readReceipts(question, extensions.receipts, receipts)),
    typing: extensions.typing && (await readTyping(question, extensions.typing)),
    'io.element.msc4308.thread_subscriptions':
      extensions.threadSubscriptions &&
      (await readThreadSubscriptions(question.pass, extensions.threadSubscriptions.limit)),
  };
  const body: JsonObject = {};
  let hasNews = false;
  for (const [name, answer] of Object.entries(answers)) {
    if (answer === undefined) continue;
    body[name] = answer.body;
    hasNews ||= answer.hasNews;
  }
  return { body, hasNews, receipts, accountData };
}

/** The rooms that an extension is asked about: of these lists, and these of those subscribed to. */
async function scopeOf(
  { pass, selection }: ExtensionQuestion,
  { lists, rooms }: ExtensionScope,
): Promise<ReadonlySet<ListedRoom>> {
  const scope = new Set<ListedRoom>();
  for (const [key, listed] of selection.byList) {
    if (lists === undefined || lists.includes(key) || lists.includes('*')) {
      for (const room of listed) scope.add(room);
    }
  }
  for (const room of selection.subscribed) {
    const roomId = await roomIdOf(pass, room.roomNid);
    if (rooms === undefined || rooms.includes(roomId) || rooms.includes('*')) scope.add(room);
  }
  return scope;
}

async function readAccountData(
  question: ExtensionQuestion,
  asked: ExtensionScope,
  told: Map<number, boolean>,
): Promise<ExtensionAnswer> {
  const { pass } = question;
  const { context, reader, viewer, known, upTo } = pass;
  const { sources } = context.sync;
  const hasGlobal = known.since !== undefined && known.hasAccountData(GLOBAL);
  const changes =
    known.since === undefined
      ? undefined
      : await sources.accountData(reader, viewer, known.since, upTo);
  const global =
    hasGlobal && changes !== undefined
      ? changes.global
      : (await sources.ownAccountData(reader, viewer, -1, upTo)).global;
  told.set(GLOBAL, true);
  for (const roomNid of changes?.rooms.keys() ?? []) told.set(roomNid, false);
  const rooms: JsonObject = {};
  const unknown: number[] = [];
  for (const { roomNid } of await scopeOf(question, asked)) {
    const changed = changes?.rooms.get(roomNid);
    if (!known.hasAccountData(roomNid)) unknown.push(roomNid);
    else if (changed !== undefined) rooms[await roomIdOf(pass, roomNid)] = [...changed.map(toJson)];
    if (changed !== undefined || !known.hasAccountData(roomNid)) told.set(roomNid, true);
  }
  if (unknown.length > 0) {
    const whole = await readAccountDataOfRooms(reader, viewer.userNid, unknown);
    for (const [roomNid, entries] of whole.rooms) {
      rooms[await roomIdOf(pass, roomNid)] = entries.map(({ type, content }) => ({
        type,
        content: JSON.parse(content),
      }));
    }
  }
  return {
    hasNews: global.length > 0 || Object.keys(rooms).length > 0,
    body: { global: global.map(toJson), rooms },
  };
}

function toJson({ type, content }: AccountDataEvent): JsonObject {
  return { type, content };
}

/** Of a room that is new to the client: receipts of the events it is told of, and the user's own (MSC3960). */
async function readReceipts(
  question: ExtensionQuestion,
  asked: ExtensionScope,
  told: Map<number, number>,
): Promise<ExtensionAnswer> {
  const { pass, timelines } = question;
  const { context, reader, viewer, known, list, upTo } = pass;
  const rooms: JsonObject = {};
  for (const { roomNid, membership } of await scopeOf(question, asked)) {
    const seen = known.receipts(roomNid);
    if (membership !== 'join' || (seen !== undefined && list.touchedAt(roomNid) <= seen)) continue;
    told.set(roomNid, upTo);
    const above = seen ?? -1;
    const found = await context.sync.sources.receipts(reader, viewer, roomNid, above, upTo);
    const content =
      found === undefined || seen !== undefined
        ? found
        : receiptsOf(found, viewer.userId, eventIdsOf(timelines.get(roomNid)));
    if (content === undefined || Object.keys(content).length === 0) continue;
    rooms[await roomIdOf(pass, roomNid)] = { type: 'm.receipt', content };
  }
  return { hasNews: Object.keys(rooms).length > 0, body: { rooms } };
}

function eventIdsOf(timeline: RoomTimeline | undefined): ReadonlySet<string> {
  return new Set(timeline?.events.map(({ event }) => event.eventId));
}

/** The receipts of these events, and those of this user. */
function receiptsOf(
  content: JsonObject,
  userId: string,
  eventIds: ReadonlySet<string>,
): JsonObject {
  const kept: JsonObject = {};
  for (const [eventId, byType] of Object.entries(content)) {
    if (eventIds.has(eventId)) {
      kept[eventId] = byType;
      continue;
    }
    const own = isJsonObject(byType) ? ownReceipts(byType, userId) : {};
    if (Object.keys(own).length > 0) kept[eventId] = own;
  }
  return kept;
}

function ownReceipts(byType: JsonObject, userId: string): JsonObject {
  const own: JsonObject = {};
  for (const [type, users] of Object.entries(byType)) {
    const receipt = isJsonObject(users) ? users[userId] : undefined;
    if (receipt !== undefined) own[type] = { [userId]: receipt };
  }
  return own;
}

async function readTyping(
  question: ExtensionQuestion,
  asked: ExtensionScope,
): Promise<ExtensionAnswer> {
  const { pass } = question;
  const { context, known } = pass;
  const { typing } = context.sync.sources;
  const changed = new Set(typing.roomsChangedSince(known.typing ?? -1));
  const rooms: JsonObject = {};
  for (const { roomNid, membership } of await scopeOf(question, asked)) {
    if (membership !== 'join') continue;
    const users = typing.usersTyping(roomNid);
    const isNew = known.since === undefined || known.room(roomNid) === undefined;
    if (isNew ? users.length === 0 : !changed.has(roomNid)) continue;
    rooms[await roomIdOf(pass, roomNid)] = {
      type: 'm.typing',
      content: { user_ids: [...users] },
    };
  }
  return { hasNews: Object.keys(rooms).length > 0, body: { rooms } };
}

/** MSC4308; what one answer has no place for is read by its companion endpoint. */
async function readThreadSubscriptions(
  { reader, viewer, known, upTo }: SlidingPass,
  limit: number,
): Promise<ExtensionAnswer | undefined> {
  const range = { above: known.since ?? 0, upTo, limit };
  const { json, older } = await readSubscriptionsPage(reader, viewer.userNid, range);
  if (Object.keys(json).length === 0) return undefined;
  return {
    hasNews: true,
    body: { ...json, ...(older === undefined ? {} : { prev_batch: older }) },
  };
}

function roomIdOf({ context }: SlidingPass, roomNid: number): Promise<string> {
  return context.sync.rooms.names.rooms.text(roomNid);
}
