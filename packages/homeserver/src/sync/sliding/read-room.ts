import type { JsonObject, JsonValue } from '@soma/protocol';

import { readHeroes, readCounts, readMembership } from '../../membership/membership-store.ts';
import { clientEvent } from '../../rooms/client-event.ts';
import { readEvent, readEvents } from '../../rooms/event-store.ts';
import { readDeparture } from '../../rooms/room-access.ts';
import { readKeyHistory } from '../../rooms/state-store.ts';
import type { StoredEvent } from '../../rooms/stored-event.ts';
import { filterWithLimit } from '../old-room.ts';
import { readTimeline } from '../room-timeline.ts';
import type { RoomTimeline } from '../room-timeline.ts';
import { openPass } from '../sync-context.ts';
import type { UnreadCount } from '../sync-context.ts';
import type { SentRoom } from './connection.ts';
import { detailsOf } from './listed-details.ts';
import { MEMBER } from './room-config.ts';
import type { ListedRoom } from './room-listing-store.ts';
import type { ScopedRoom } from './select-rooms.ts';
import type { SlidingPass } from './sliding-pass.ts';
import { readToldState } from './told-state.ts';
import type { ToldState } from './told-state.ts';

/** A room's part of the answer, and what the client then knows of the room. */
export interface RoomAnswer {
  /** Undefined where there is nothing to tell. */
  readonly json: JsonObject | undefined;
  readonly sent: SentRoom;
  readonly timeline: RoomTimeline | undefined;
}

const HEROES_MAX = 5;
const NO_UNREAD: UnreadCount = { notify: 0, highlight: 0 };

/** A room that the user is in, or was in. */
export async function readRoom(
  pass: SlidingPass,
  { room, config }: ScopedRoom,
  known: SentRoom | undefined,
  unread: UnreadCount = NO_UNREAD,
): Promise<RoomAnswer> {
  const isFresh = known === undefined || (await hasJoinedAnew(pass, room, known));
  const before = isFresh ? undefined : known;
  const isExpanded = before !== undefined && config.timelineLimit > before.config.timelineLimit;
  const from = isExpanded ? undefined : before;
  const timeline = await timelineOf(pass, room, config.timelineLimit, from);
  const told = await readStateOf(pass, { room, config }, before, timeline);
  const news: RoomNews = { room, unread, before, isExpanded, timeline, told };
  // What a client that wants no timeline missed, it gets with the longer one that it asks for later.
  const isCut = before === undefined || timeline === undefined || timeline.limited || isExpanded;
  const limit = isCut
    ? config.timelineLimit
    : Math.max(config.timelineLimit, before.config.timelineLimit);
  return {
    json: hasNews(news) ? await roomJson(pass, news) : undefined,
    timeline,
    sent: {
      upTo: pass.upTo,
      membership: room.membership,
      config: configOf(limit, told?.followed, config, before),
      bumpStamp: room.bumpStamp,
      unread,
      lazyMembers: told?.lazyMembers ?? new Set(),
    },
  };
}

/** What was found of a room. */
interface RoomNews {
  readonly room: ListedRoom;
  readonly unread: UnreadCount;
  readonly before: SentRoom | undefined;
  readonly isExpanded: boolean;
  readonly timeline: RoomTimeline | undefined;
  readonly told: ToldState | undefined;
}

async function readStateOf(
  pass: SlidingPass,
  { room, config }: ScopedRoom,
  before: SentRoom | undefined,
  timeline: RoomTimeline | undefined,
): Promise<ToldState | undefined> {
  const { roomNid, membership } = room;
  const version = await pass.context.sync.rooms.versions.of(pass.reader, roomNid);
  if (version === undefined) return undefined;
  const leftAt = membership === 'join' ? undefined : await departureOf(pass, room);
  const place = { roomNid, leftAt };
  const { requiredState: required } = config;
  return readToldState(pass, { place, version, required, before, timeline });
}

function hasNews({ room, unread, before, isExpanded, timeline, told }: RoomNews): boolean {
  if (before === undefined || isExpanded || before.membership !== room.membership) return true;
  return (
    before.bumpStamp !== room.bumpStamp ||
    before.unread.notify !== unread.notify ||
    before.unread.highlight !== unread.highlight ||
    (timeline?.events.length ?? 0) > 0 ||
    (told?.events.length ?? 0) > 0
  );
}

async function roomJson(
  pass: SlidingPass,
  { room, unread, before, isExpanded, timeline, told }: RoomNews,
): Promise<JsonObject> {
  const { roomNid, membership, bumpStamp } = room;
  const isTold = told !== undefined && told.events.length > 0;
  return {
    ...(before === undefined ? { initial: true } : {}),
    ...(isExpanded ? { unstable_expanded_timeline: true } : {}),
    membership,
    ...(before?.bumpStamp === bumpStamp ? {} : { bump_stamp: bumpStamp }),
    ...(membership === 'join' && told !== undefined ? await summaryOf(pass, roomNid, told) : {}),
    ...(await dmOf(pass, roomNid)),
    notification_count: unread.notify,
    highlight_count: unread.highlight,
    ...(isTold ? { required_state: stateJson(pass, told.events) } : {}),
    ...(timeline === undefined ? {} : timelineJson(pass, timeline)),
  };
}

/** Most rooms are told by the same configuration, which is then kept once. */
function configOf(
  timelineLimit: number,
  followed: ScopedRoom['config']['requiredState'] | undefined,
  asked: ScopedRoom['config'],
  before: SentRoom | undefined,
): ScopedRoom['config'] {
  const requiredState = followed ?? asked.requiredState;
  for (const config of [asked, before?.config]) {
    if (config?.timelineLimit === timelineLimit && config.requiredState === requiredState) {
      return config;
    }
  }
  return { timelineLimit, requiredState };
}

/** Who comes back is told of the room as one who comes for the first time: what was in between may be theirs to see. */
async function hasJoinedAnew(
  { context, reader, viewer }: SlidingPass,
  room: ListedRoom,
  known: SentRoom,
): Promise<boolean> {
  if (room.membership !== 'join' || room.position <= known.upTo) return false;
  if (known.membership !== 'join') return true;
  const { stateKeys } = context.sync.rooms.names;
  const keyNid = await stateKeys.find(MEMBER, viewer.userId);
  if (keyNid === undefined) return false;
  const history = await readKeyHistory(reader, room.roomNid, keyNid);
  const later = history.filter(({ position }) => position > known.upTo);
  const rows = await readEvents(
    reader,
    later.flatMap(({ eventNid }) => eventNid ?? []),
  );
  return rows.some((row) => {
    const pdu: { content: { membership?: string } } = JSON.parse(row.json);
    return pdu.content.membership !== 'join';
  });
}

/** After this order nothing of the room's state is the viewer's to see; 0 for who never was in it. */
async function departureOf(
  { context, reader, viewer }: SlidingPass,
  room: ListedRoom,
): Promise<number> {
  const member = await readEvent(reader, room.eventNid);
  if (member === undefined) return 0;
  const departure = await readDeparture(context.sync.rooms, reader, member, viewer.userId);
  return departure?.event_order ?? 0;
}

async function timelineOf(
  { context, reader, viewer, upTo }: SlidingPass,
  room: ListedRoom,
  limit: number,
  before: SentRoom | undefined,
): Promise<RoomTimeline | undefined> {
  if (limit === 0) return undefined;
  const filter = filterWithLimit(limit);
  const pass = openPass(context.sync, reader, upTo, {
    viewer,
    filter,
    since: before?.upTo ?? -1,
    typingSince: undefined,
  });
  const last = room.membership === 'join' ? upTo : room.position;
  return readTimeline(pass, room.roomNid, before?.upTo ?? -1, last);
}

/** Name, avatar, heroes and numbers of members, as far as they may be new. */
async function summaryOf(
  pass: SlidingPass,
  roomNid: number,
  { changed }: ToldState,
): Promise<JsonObject> {
  const hasName = changed.has('m.room.name');
  const hasMembers = changed.has(MEMBER);
  if (!hasName && !hasMembers && !changed.has('m.room.avatar')) return {};
  const { name, avatarUrl } = await detailsOf(pass, roomNid);
  const json: JsonObject = {};
  if (hasName && name !== undefined) json['name'] = name;
  if (changed.has('m.room.avatar') && avatarUrl !== undefined) json['avatar'] = avatarUrl;
  if (name === undefined) json['heroes'] = await heroesOf(pass, roomNid);
  if (hasMembers) {
    const counts = await readCounts(pass.reader, roomNid);
    json['joined_count'] = counts.joined;
    json['invited_count'] = counts.invited;
  }
  return json;
}

async function heroesOf(
  { context, reader, viewer }: SlidingPass,
  roomNid: number,
): Promise<JsonValue[]> {
  const heroes: JsonValue[] = [];
  for (const userNid of await readHeroes(reader, roomNid, viewer.userNid, HEROES_MAX)) {
    const member = await readMembership(reader, userNid, roomNid);
    heroes.push({
      user_id: await context.sync.rooms.names.users.text(userNid),
      ...(member?.displayName === undefined ? {} : { displayname: member.displayName }),
      ...(member?.avatarUrl === undefined ? {} : { avatar_url: member.avatarUrl }),
    });
  }
  return heroes;
}

/** Absent for rooms that are not direct. */
export async function dmOf(
  { context, reader, viewer, upTo }: SlidingPass,
  roomNid: number,
): Promise<JsonObject> {
  const direct = await context.marks.direct(reader, viewer.userNid, upTo);
  return direct.has(roomNid) ? { is_dm: true } : {};
}

function stateJson({ context }: SlidingPass, events: readonly StoredEvent[]): JsonObject[] {
  const now = context.sync.rooms.now();
  return events.map((event) =>
    clientEvent(event, { age: Math.max(0, now - event.pdu.origin_server_ts) }, undefined),
  );
}

/** `num_live` counts what came since the client's last answer, not what was there before. */
function timelineJson({ known }: SlidingPass, timeline: RoomTimeline): JsonObject {
  const { since } = known;
  const isLive = (order: number | null): boolean =>
    since !== undefined && order !== null && order > since;
  return {
    timeline: timeline.events.map(({ client }) => client),
    limited: timeline.limited,
    prev_batch: timeline.prevBatch,
    num_live: timeline.events.filter(({ event }) => isLive(event.order)).length,
  };
}
