import { matchesEvent } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import type { EventRow } from '../rooms/event-store.ts';
import { readLastGap } from '../rooms/gap-store.ts';
import { formatHistoryToken, formatPositionToken } from '../rooms/pagination-token.ts';
import { bundleRelations } from '../rooms/relations/bundle-relations.ts';
import { viewEvents } from '../rooms/view-events.ts';
import type { ViewedEvent } from '../rooms/view-events.ts';
import type { EventForm } from './event-form.ts';
import type { SharedQuestion } from './shared-reads.ts';
import type { SyncPass } from './sync-context.ts';

/** A room's part of the timeline, oldest first. */
export interface RoomTimeline {
  readonly events: readonly ViewedEvent[];
  /** Events between `above` and the first of these were left out. */
  readonly limited: boolean;
  /** Where to page back from. */
  readonly prevBatch: string;
  /** State differences at or above this order belong to the timeline, those below to `state`. */
  readonly startOrder: number;
}

/** Rows read beyond the limit in one go, since filters and visibility leave some out. */
const EXTRA_ROWS = 10;
/** How many rows one response looks through for the events that a filter wants. */
const ROWS_MAX = 2_000;

/**
 * The newest events in (`above`, `upTo`] that the filter and the room's history visibility let through. To who knows
 * something of the room they come as they arrived; to who begins, in the order of history, so that paging back goes on
 * where they end (MSC4445).
 */
export async function readTimeline(
  pass: SyncPass,
  roomNid: number,
  above: number,
  upTo: number,
): Promise<RoomTimeline> {
  const filter = pass.filter.room.timeline;
  const limit = Math.min(filter.limit, pass.context.timelineLimitMax);
  const { rooms } = pass.context;
  const { reader, viewer } = pass;
  const options = { withoutRoomId: true };
  const gap = (await rooms.torn.has(roomNid))
    ? await readLastGap(reader, roomNid, above, upTo)
    : undefined;
  // What came before a gap would look as if it came before what is after it.
  const after = gap === undefined ? above : gap - 1;
  const kept: ViewedEvent[] = [];
  const inHistory = above < 0 && gap === undefined;
  const question = { roomNid, since: after, upTo };
  let last: EventRow | undefined;
  let exhausted = filter.types?.length === 0;
  let rowsLeft = ROWS_MAX;
  while (kept.length <= limit && !exhausted && rowsLeft > 0) {
    const wanted = Math.min(limit - kept.length + EXTRA_ROWS, rowsLeft);
    const rows: EventRow[] = await readOlder(pass, question, { inHistory, last }, wanted);
    exhausted = rows.length < wanted;
    rowsLeft -= wanted;
    const viewed = await viewEvents(rooms, reader, viewer, roomNid, rows, options);
    kept.push(...viewed.filter(({ event }) => matchesEvent(filter, event.pdu)));
    last = rows.at(-1) ?? last;
  }
  const newest = kept.slice(0, limit).toReversed();
  const limited = gap !== undefined || kept.length > limit || !exhausted;
  // Who gets everything aggregates it without help (CS API, "Aggregations of child events").
  const events = limited
    ? await bundleRelations({ rooms, reader, viewer, roomNid, options }, newest)
    : newest;
  const { incarnation } = rooms.database;
  return { events, limited, ...placeOf(events, upTo, incarnation) };
}

function readOlder(
  { context, reader, upTo }: SyncPass,
  question: SharedQuestion,
  than: { readonly inHistory: boolean; readonly last: EventRow | undefined },
  limit: number,
): Promise<EventRow[]> {
  const { shared } = context;
  const order = than.last?.event_order ?? Number.MAX_SAFE_INTEGER;
  if (than.inHistory) {
    const depth = than.last?.depth ?? Number.MAX_SAFE_INTEGER;
    return shared.history(reader, question, { depth, order }, limit);
  }
  const below = Math.min(order - 1, question.upTo);
  return shared.timeline(reader, { ...question, upTo }, below, limit);
}

function placeOf(
  events: readonly ViewedEvent[],
  upTo: number,
  incarnation: string,
): { prevBatch: string; startOrder: number } {
  const first = events[0]?.event;
  if (first === undefined || first.order === null) {
    return { prevBatch: formatPositionToken(incarnation, upTo), startOrder: upTo + 1 };
  }
  return {
    prevBatch: formatHistoryToken({ depth: first.depth, order: first.order }),
    startOrder: Math.min(...events.map(({ event }) => event.order ?? first.order ?? 0)),
  };
}

/** The timeline as JSON, its events in the form that the filter asks for. */
export function timelineJson(timeline: RoomTimeline, form: EventForm): JsonObject {
  return {
    events: timeline.events.map(({ event, client }) => form(event, client)),
    limited: timeline.limited,
    prev_batch: timeline.prevBatch,
  };
}
