import { matchesEvent } from '@soma/protocol';
import type { JsonObject, RoomVersion } from '@soma/protocol';

import { clientEvent } from '../rooms/client-event.ts';
import { readEvents } from '../rooms/event-store.ts';
import {
  readCurrentState,
  readCurrentStateKeys,
  readStateDifferences,
} from '../rooms/state-store.ts';
import type { StateDifference } from '../rooms/state-store.ts';
import { toStoredEvent } from '../rooms/stored-event.ts';
import type { StoredEvent } from '../rooms/stored-event.ts';
import type { EventForm } from './event-form.ts';
import type { RoomTimeline } from './room-timeline.ts';
import type { SyncPass } from './sync-context.ts';

/** What of a room's state one response is about. */
export interface StateQuestion {
  readonly roomNid: number;
  readonly version: RoomVersion;
  readonly timeline: RoomTimeline;
  /** The client knows the state of this position; undefined when it knows none. */
  readonly since: number | undefined;
  readonly upTo: number;
  /** Users whose member events are wanted although members are loaded lazily. */
  readonly memberIds: readonly string[];
}

type StateMap = Map<number, number>;

/**
 * The state events of a room for one response: up to the start of its timeline, or with `use_state_after` up to its
 * end (CS API, "Syncing"). In full where the client knows none, else what differs.
 */
export async function readRoomState(
  pass: SyncPass,
  question: StateQuestion,
): Promise<StoredEvent[]> {
  const state =
    question.since === undefined
      ? await wholeState(pass, question)
      : await stateDelta(pass, question, question.since);
  const rows = await pass.context.shared.events(pass.reader, [...state.values()], pass.upTo);
  const events = rows.map((row) => toStoredEvent(row, question.version));
  const lazy = await lazyMembers(pass, question, state);
  const told = [...events, ...lazy].filter((event) =>
    matchesEvent(pass.filter.room.state, event.pdu),
  );
  rememberMembers(pass, question, told);
  return told;
}

/** The device need not be told again of members that this response tells it of, in state or timeline. */
function rememberMembers(
  { context, filter, viewer }: SyncPass,
  { roomNid, timeline, upTo }: StateQuestion,
  told: readonly StoredEvent[],
): void {
  if (!filter.room.state.lazyLoadMembers || viewer.deviceNid === undefined) return;
  for (const event of [...told, ...timeline.events.map((viewed) => viewed.event)]) {
    if (event.pdu.type !== 'm.room.member' || event.stateKeyNid === null) continue;
    const { stateKeyNid, eventNid } = event;
    context.lazyMembers.remember(viewer.deviceNid, roomNid, stateKeyNid, eventNid, upTo);
  }
}

/** State events as JSON. Their room is known, and what depends on the viewer stands in timelines only. */
export function stateJson(
  pass: SyncPass,
  events: readonly StoredEvent[],
  form: EventForm,
): JsonObject {
  const now = pass.context.rooms.now();
  return {
    events: events.map((event) => {
      const age = Math.max(0, now - event.pdu.origin_server_ts);
      return form(event, clientEvent(event, { age }, undefined));
    }),
  };
}

async function wholeState(pass: SyncPass, question: StateQuestion): Promise<StateMap> {
  const { reader, context, filter } = pass;
  const { roomNid } = question;
  const { lazyLoadMembers } = filter.room.state;
  const memberType = await context.rooms.names.eventTypes.find('m.room.member');
  const isLazy = lazyLoadMembers && memberType !== undefined;
  const current = isLazy
    ? new Map(await context.shared.stateWithout(reader, roomNid, memberType, pass.upTo))
    : await readCurrentState(reader, roomNid);
  await leadBack(pass, question, current, async (stateKeyNid) =>
    isLazy ? !(await isMember(pass, stateKeyNid)) : true,
  );
  return current;
}

/**
 * Leads current state back to the start of the timeline. What a filter leaves out of the timeline stays in: nothing
 * else would tell of it.
 */
async function leadBack(
  pass: SyncPass,
  question: StateQuestion,
  state: StateMap,
  concerns: (stateKeyNid: number) => Promise<boolean>,
): Promise<void> {
  const later: StateDifference[] = [];
  for (const change of await differencesToUndo(pass, question)) {
    if (await concerns(change.stateKeyNid)) later.push(change);
  }
  for (const { stateKeyNid, oldEventNid } of later.toReversed())
    put(state, stateKeyNid, oldEventNid);
  const shown = shownIn(question.timeline);
  for (const { position, stateKeyNid, newEventNid } of later) {
    const isShown = newEventNid !== null && shown.has(newEventNid);
    if (position <= question.upTo && !isShown) put(state, stateKeyNid, newEventNid);
  }
}

function shownIn({ events }: RoomTimeline): ReadonlySet<number> {
  return new Set(events.map(({ event }) => event.eventNid));
}

/** Current state is newer than what the response shows: these changes came later. */
function differencesToUndo(
  { reader, useStateAfter }: SyncPass,
  { roomNid, timeline, upTo }: StateQuestion,
): Promise<StateDifference[]> {
  const from = useStateAfter !== false ? upTo + 1 : Math.min(timeline.startOrder, upTo + 1);
  return readStateDifferences(reader, roomNid, from - 1, Number.MAX_SAFE_INTEGER);
}

/** What changed and is not told by the timeline's own events. */
async function stateDelta(
  { context, reader, useStateAfter }: SyncPass,
  { roomNid, timeline, upTo }: StateQuestion,
  since: number,
): Promise<StateMap> {
  const delta: StateMap = new Map();
  const differences = await context.shared.differences(reader, { roomNid, since, upTo });
  if (differences.length === 0) return delta;
  const shown = shownIn(timeline);
  for (const { position, stateKeyNid, newEventNid } of differences) {
    const isShown = newEventNid !== null && shown.has(newEventNid);
    if (useStateAfter !== false || !isShown || position < timeline.startOrder) {
      put(delta, stateKeyNid, newEventNid);
    }
  }
  return delta;
}

/** The member events of the users that the response speaks of, unless the device has them. */
async function lazyMembers(
  pass: SyncPass,
  question: StateQuestion,
  state: StateMap,
): Promise<StoredEvent[]> {
  const { context, reader, viewer, filter, useStateAfter } = pass;
  const { roomNid, timeline, version } = question;
  if (!filter.room.state.lazyLoadMembers) return [];
  const { eventTypes, stateKeys } = context.rooms.names;
  const memberType = await eventTypes.find('m.room.member');
  if (memberType === undefined) return [];
  const keyNids: number[] = [];
  for (const userId of new Set(question.memberIds)) {
    const nid = await stateKeys.find('m.room.member', userId);
    if (nid !== undefined && !state.has(nid)) keyNids.push(nid);
  }
  const current = await readCurrentStateKeys(reader, roomNid, memberType, keyNids);
  await leadBack(pass, question, current, async (keyNid) => keyNids.includes(keyNid));
  const shown = shownIn(timeline);
  const device = filter.room.state.includeRedundantMembers ? undefined : viewer.deviceNid;
  const wanted = [...current].filter(
    ([keyNid, eventNid]) =>
      // The state after the timeline is whole: who asks for it does not look into the timeline.
      (useStateAfter !== false || !shown.has(eventNid)) &&
      (device === undefined ||
        pass.since < 0 ||
        !context.lazyMembers.wasSent(device, roomNid, keyNid, eventNid, pass.since)),
  );
  const rows = await readEvents(
    reader,
    wanted.map(([, eventNid]) => eventNid),
  );
  return rows.map((row) => toStoredEvent(row, version));
}

async function isMember({ context }: SyncPass, stateKeyNid: number): Promise<boolean> {
  const pair = await context.rooms.names.stateKeys.pair(stateKeyNid);
  return pair.type === 'm.room.member';
}

function put(state: StateMap, stateKeyNid: number, eventNid: number | null): void {
  if (eventNid === null) state.delete(stateKeyNid);
  else state.set(stateKeyNid, eventNid);
}
