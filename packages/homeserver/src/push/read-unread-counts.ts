import { readReadPositions } from '../ephemeral/read-position-store.ts';
import type { ReadPositions } from '../ephemeral/read-position-store.ts';
import { readThreadIds } from '../ephemeral/thread-store.ts';
import { MAIN_TIMELINE } from '../ephemeral/thread.ts';
import type { Reader } from '../storage/sql.ts';
import { readRuleSetEntries } from './push-rule-store.ts';
import { ruleSegments } from './rule-segments.ts';
import type { RuleSegment } from './rule-segments.ts';
import { readCorrections, readSpanCounts, readThreadsWithNews } from './unread-store.ts';
import type { Correction, NumberSpan, UnreadCount } from './unread-store.ts';

export type { UnreadCount } from './unread-store.ts';

/** What a user has not read in one room. */
export interface UnreadCounts {
  /** The whole room, threads included. */
  readonly total: UnreadCount;
  /** The main timeline alone. */
  readonly main: UnreadCount;
  /** By the event ID of the thread's root; only threads with something unread. */
  readonly threads: ReadonlyMap<string, UnreadCount>;
}

/** One room while it is counted: thread → counts so far. */
interface RoomTally {
  readonly positions: ReadPositions;
  readonly segments: readonly RuleSegment[];
  readonly threads: Map<number, UnreadCount>;
}

const NONE: UnreadCount = { notify: 0, highlight: 0 };

/**
 * What a joined user has not read at position `upTo`, by room (CS API, "Receiving notifications"). A room that
 * the user has never joined is absent. `reader` must read one committed state, at or above `upTo`.
 */
export async function readUnreadCounts(
  reader: Reader,
  userNid: number,
  roomNids: readonly number[],
  upTo: number,
): Promise<Map<number, UnreadCounts>> {
  const entries = await readRuleSetEntries(reader, userNid);
  const tallies = new Map<number, RoomTally>();
  for (const [roomNid, positions] of await readReadPositions(reader, userNid, roomNids)) {
    const segments = ruleSegments(entries, roomNid, positions.unthreaded, upTo);
    tallies.set(roomNid, { positions, segments, threads: new Map() });
  }
  const unread = [...tallies.keys()].filter((roomNid) => tallies.get(roomNid)?.segments.length);
  await countSpans(reader, tallies, await findSpans(reader, userNid, tallies, unread));
  for (const correction of await readCorrections(reader, userNid, unread, upTo)) {
    correct(tallies, correction);
  }
  return namedCounts(reader, tallies);
}

/** Every stretch of numbers that holds something for the user. */
async function findSpans(
  reader: Reader,
  userNid: number,
  tallies: ReadonlyMap<number, RoomTally>,
  roomNids: readonly number[],
): Promise<NumberSpan[]> {
  const spans: NumberSpan[] = [];
  for (const roomNid of roomNids) {
    for (const segment of tallies.get(roomNid)?.segments ?? []) {
      addSpan(spans, tallies, roomNid, MAIN_TIMELINE, segment);
    }
  }
  for (const { roomNid, threadNid, ruleSetNid } of await readThreadsWithNews(
    reader,
    userNid,
    roomNids,
  )) {
    for (const segment of tallies.get(roomNid)?.segments ?? []) {
      if (segment.ruleSetNid === ruleSetNid) addSpan(spans, tallies, roomNid, threadNid, segment);
    }
  }
  return spans;
}

function addSpan(
  spans: NumberSpan[],
  tallies: ReadonlyMap<number, RoomTally>,
  roomNid: number,
  threadNid: number,
  { ruleSetNid, above, upTo }: RuleSegment,
): void {
  const read = tallies.get(roomNid)?.positions.threads.get(threadNid) ?? 0;
  if (read >= upTo) return;
  spans.push({ roomNid, ruleSetNid, threadNid, above: Math.max(above, read), upTo });
}

async function countSpans(
  reader: Reader,
  tallies: ReadonlyMap<number, RoomTally>,
  spans: readonly NumberSpan[],
): Promise<void> {
  const counts = await readSpanCounts(reader, spans);
  for (const [index, { roomNid, threadNid }] of spans.entries()) {
    add(tallies.get(roomNid), threadNid, counts[index] ?? NONE);
  }
}

/** Applies a correction that the user has not read past, if it was made for the rules that held at the event. */
function correct(
  tallies: ReadonlyMap<number, RoomTally>,
  { roomNid, threadNid, position, ruleSetNid, notifyDelta, highlightDelta }: Correction,
): void {
  const tally = tallies.get(roomNid);
  if (tally === undefined || position <= (tally.positions.threads.get(threadNid) ?? 0)) return;
  const segment = tally.segments.find(({ above, upTo }) => position > above && position <= upTo);
  if (segment?.ruleSetNid !== ruleSetNid) return;
  add(tally, threadNid, { notify: notifyDelta, highlight: highlightDelta });
}

function add(tally: RoomTally | undefined, threadNid: number, count: UnreadCount): void {
  if (tally === undefined) return;
  tally.threads.set(threadNid, sum(tally.threads.get(threadNid) ?? NONE, count));
}

function sum(one: UnreadCount, other: UnreadCount): UnreadCount {
  return { notify: one.notify + other.notify, highlight: one.highlight + other.highlight };
}

async function namedCounts(
  reader: Reader,
  tallies: ReadonlyMap<number, RoomTally>,
): Promise<Map<number, UnreadCounts>> {
  const isUnread = ({ notify, highlight }: UnreadCount): boolean => notify > 0 || highlight > 0;
  const threadNids = new Set<number>();
  for (const { threads } of tallies.values()) {
    for (const [threadNid, count] of threads) {
      if (threadNid !== MAIN_TIMELINE && isUnread(count)) threadNids.add(threadNid);
    }
  }
  const threadIds = await readThreadIds(reader, [...threadNids]);
  const rooms = new Map<number, UnreadCounts>();
  for (const [roomNid, { threads: tallied }] of tallies) {
    const threads = new Map<string, UnreadCount>();
    let total = tallied.get(MAIN_TIMELINE) ?? NONE;
    for (const [threadNid, count] of tallied) {
      const threadId = threadIds.get(threadNid);
      if (threadId === undefined || !isUnread(count)) continue;
      threads.set(threadId, count);
      total = sum(total, count);
    }
    rooms.set(roomNid, { main: tallied.get(MAIN_TIMELINE) ?? NONE, threads, total });
  }
  return rooms;
}
