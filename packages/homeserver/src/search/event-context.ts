import { parseRoomEventFilter } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { formatHistoryToken } from '../rooms/pagination-token.ts';
import type { HistoryPlace } from '../rooms/pagination-token.ts';
import { collectHistory } from '../rooms/read-messages.ts';
import { loadState } from '../rooms/read-state.ts';
import type { BundleQuestion } from '../rooms/relations/bundle-relations.ts';
import { readSnapshotKey } from '../rooms/state-store.ts';
import type { StoredEvent } from '../rooms/stored-event.ts';
import type { ViewedEvent } from '../rooms/view-events.ts';

/** CS API, `event_context`. */
export interface ContextWanted {
  readonly before: number;
  readonly after: number;
  readonly includeProfile: boolean;
}

const CONTEXT_MAX = 50;

/** What was said around an event that was found, and who said it. */
export async function readEventContext(
  question: BundleQuestion,
  { event }: ViewedEvent,
  wanted: ContextWanted,
): Promise<JsonObject> {
  const at = { depth: event.depth, order: event.order ?? 0 };
  const after = { depth: event.depth, order: at.order + 1 };
  const before = await pageOf(question, 'b', at, wanted.before);
  const later = await pageOf(question, 'f', after, wanted.after);
  const shown = [...before.events, ...later.events].map((viewed) => viewed.event);
  const profiles = wanted.includeProfile
    ? { profile_info: await profilesOf(question, [event, ...shown]) }
    : {};
  return {
    start: formatHistoryToken(before.end ?? at),
    end: formatHistoryToken(later.end ?? after),
    events_before: before.events.map(({ client }) => client),
    events_after: later.events.map(({ client }) => client),
    ...profiles,
  };
}

const EVERYTHING = parseRoomEventFilter({});

async function pageOf(
  { rooms, reader, viewer, roomNid }: BundleQuestion,
  direction: 'b' | 'f',
  start: HistoryPlace,
  wanted: number,
): ReturnType<typeof collectHistory> {
  if (wanted === 0 || !EVERYTHING.ok) return { events: [], end: undefined };
  const { filter } = EVERYTHING;
  const request = { direction, viewer, filter, limit: Math.min(wanted, CONTEXT_MAX) };
  return collectHistory(rooms, reader, roomNid, request, start, undefined);
}

/** Each sender as they were when they sent the first of the events. */
async function profilesOf(
  { rooms, reader, roomNid }: BundleQuestion,
  events: readonly StoredEvent[],
): Promise<JsonObject> {
  const profiles: JsonObject = {};
  for (const { pdu, stateBefore } of events) {
    if (Object.hasOwn(profiles, pdu.sender) || stateBefore === null) continue;
    const keyNid = await rooms.names.stateKeys.find('m.room.member', pdu.sender);
    const memberNid =
      keyNid === undefined ? undefined : await readSnapshotKey(reader, stateBefore, keyNid);
    const [member] =
      memberNid === undefined ? [] : await loadState(rooms, reader, roomNid, [memberNid]);
    const { displayname, avatar_url: avatarUrl } = member?.pdu.content ?? {};
    profiles[pdu.sender] = {
      ...(typeof displayname === 'string' ? { displayname } : {}),
      ...(typeof avatarUrl === 'string' ? { avatar_url: avatarUrl } : {}),
    };
  }
  return profiles;
}
