import { matchesEvent } from '@soma/protocol';
import type { JsonObject, RoomVersion } from '@soma/protocol';

import { clientEvent } from '../rooms/client-event.ts';
import { readEvents } from '../rooms/event-store.ts';
import {
  readCurrentState,
  readCurrentStateKeys,
  readCurrentStateWithout,
  readStateDifferences,
} from '../rooms/state-store.ts';
import type { StateDifference } from '../rooms/state-store.ts';
import { toStoredEvent } from '../rooms/stored-event.ts';
import type { StoredEvent } from '../rooms/stored-event.ts';
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
  const rows = await readEvents(pass.reader, [...state.values()]);
  const events = rows.map((row) => toStoredEvent(row, question.version));
  const lazy = await lazyMembers(pass, question, state);
  return [...events, ...lazy].filter((event) =>
    matchesEvent(pass.filter.room.state, event.pdu),
  );
}

/** State events as JSON. Their room is known, and what depends on the viewer stands in timelines only. */
export function stateJson(
  pass: SyncPass,
  events: readonly StoredEvent[],
  select: (event: JsonObject) => JsonObject,
): JsonObject {
  const now = pass.context.rooms.now();
  return {
    events: events.map((event) =>
      select(
        clientEvent(event, { age: Math.max(0, now - event.pdu.origin_server_ts) }, undefined),
      ),
    ),
  };
}

async function wholeState(pass: SyncPass, question: StateQuestion): Promise<StateMap> {
  const { reader, context, filter } = pass;
  const { roomNid } = question;
  const { lazyLoadMembers } = filter.room.state;
  const memberType = await context.rooms.names.eventTypes.find('m.room.member');
  const isLazy = lazyLoadMembers && memberType !== undefined;
  const current = isLazy
    ? await readCurrentStateWithout(reader, roomNid, memberType)
    : await readCurrentState(reader, roomNid);
  const undone = await differencesToUndo(pass, question);
  for (const change of undone.toReversed()) {
    if (isLazy && (await isMember(pass, change.stateKeyNid))) continue;
    put(current, change.stateKeyNid, change.oldEventNid);
  }
  return current;
}

/** Current state is newer than what the response shows: these changes came later. */
function differencesToUndo(
  { reader, useStateAfter }: SyncPass,
  { roomNid, timeline, upTo }: StateQuestion,
): Promise<StateDifference[]> {
  const from = useStateAfter ? upTo + 1 : Math.min(timeline.startOrder, upTo + 1);
  return readStateDifferences(reader, roomNid, from - 1, Number.MAX_SAFE_INTEGER);
}

/** What changed and is not told by the timeline's own events. */
async function stateDelta(
  { reader, useStateAfter }: SyncPass,
  { roomNid, timeline, upTo }: StateQuestion,
  since: number,
): Promise<StateMap> {
  const delta: StateMap = new Map();
  const differences = await readStateDifferences(reader, roomNid, since, upTo);
  if (differences.length === 0) return delta;
  const shown = new Set(timeline.events.map(({ event }) => event.eventNid));
  for (const { position, stateKeyNid, newEventNid } of differences) {
    const isShown = newEventNid !== null && shown.has(newEventNid);
    if (useStateAfter || !isShown || position < timeline.startOrder) {
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
  const { context, reader, viewer, filter } = pass;
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
  for (const change of (await differencesToUndo(pass, question)).toReversed()) {
    if (keyNids.includes(change.stateKeyNid)) {
      put(current, change.stateKeyNid, change.oldEventNid);
    }
  }
  const shown = new Set(timeline.events.map(({ event }) => event.eventNid));
  const device = filter.room.state.includeRedundantMembers ? undefined : viewer.deviceNid;
  const wanted = [...current].filter(
    ([keyNid, eventNid]) =>
      !shown.has(eventNid) &&
      (device === undefined ||
        pass.since < 0 ||
        !context.lazyMembers.wasSent(device, roomNid, keyNid, eventNid, pass.since)),
  );
  const rows = await readEvents(
    reader,
    wanted.map(([, eventNid]) => eventNid),
  );
  if (device !== undefined) {
    for (const [keyNid, eventNid] of wanted) {
      context.lazyMembers.remember(device, roomNid, keyNid, eventNid, question.upTo);
    }
  }
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
