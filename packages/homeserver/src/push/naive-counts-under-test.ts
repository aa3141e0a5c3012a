import {
  NO_PUSH_RULE_CHANGES,
  type PushEvent,
  type PushRuleChanges,
  compileRules,
  evaluatePushRules,
  isJsonObject,
  powerLevels,
  type RoomVersion,
} from '@soma/protocol';

/** An accepted event as it was sent. */
export interface PastEvent extends PushEvent {
  readonly eventId: string;
  readonly order: number;
  readonly isRedacted: boolean;
}

/** All that happened in one room, and what one user did elsewhere that matters in it. */
export interface Past {
  readonly version: RoomVersion;
  /** In their order. */
  readonly events: readonly PastEvent[];
  /** The user's rules, each from above its position on. */
  readonly rules: readonly { readonly position: number; readonly changes: PushRuleChanges }[];
  /** The user's receipts that were not refused. */
  readonly receipts: readonly {
    readonly eventId: string;
    readonly threadId?: string | undefined;
  }[];
}

export interface NaiveCount {
  notify: number;
  highlight: number;
}

export interface NaiveCounts {
  readonly total: NaiveCount;
  readonly main: NaiveCount;
  readonly threads: ReadonlyMap<string, NaiveCount>;
}

const MAIN = 'main';
const HOPS_MAX = 3;

/** What a joined user has not read, found by evaluating every rule for every event again. */
export function naiveCounts(past: Past, userId: string): NaiveCounts {
  const threads = threadsOf(past.events);
  const isRead = readBy(past, userId, threads);
  const total = { notify: 0, highlight: 0 };
  const byThread = new Map<string, NaiveCount>();
  const members = new Map<string, string | undefined>();
  let levels: PastEvent | undefined;
  for (const event of past.events) {
    const { content } = event;
    if (event.sender !== userId && members.has(userId) && !event.isRedacted && !isRead(event)) {
      const displayName = members.get(userId);
      const outcome = evaluatePushRules(
        compileRules(rulesAt(past, event.order)),
        event,
        roomAt(past, event, members.size, levels),
        displayName === undefined ? { userId } : { userId, displayName },
      );
      const thread = threads.get(event.eventId) ?? MAIN;
      const count = byThread.get(thread) ?? { notify: 0, highlight: 0 };
      byThread.set(thread, count);
      for (const each of [count, total]) {
        each.notify += Number(outcome.notify);
        each.highlight += Number(outcome.highlight);
      }
    }
    if (event.type === 'm.room.power_levels' && event.state_key === '') levels = event;
    if (event.type !== 'm.room.member' || event.state_key === undefined) continue;
    const { membership, displayname } = content;
    if (membership !== 'join') members.delete(event.state_key);
    else members.set(event.state_key, typeof displayname === 'string' ? displayname : undefined);
  }
  const main = byThread.get(MAIN) ?? { notify: 0, highlight: 0 };
  byThread.delete(MAIN);
  return {
    total,
    main,
    threads: new Map([...byThread].filter(([, { notify, highlight }]) => notify + highlight > 0)),
  };
}

/**
 * Event ID → ID of its thread's root; events of the main timeline are absent.
 * @param known what is there by now: all events, or those that came before the event in question
 */
function threadsOf(
  events: readonly PastEvent[],
  known: 'all' | 'before' = 'all',
): Map<string, string> {
  const place = new Map(events.map(({ eventId }, index) => [eventId, index]));
  const relations = new Map(
    events.flatMap(({ eventId, content: { 'm.relates_to': relation } }) =>
      isJsonObject(relation) && typeof relation['event_id'] === 'string'
        ? [[eventId, { type: relation['rel_type'], parentId: relation['event_id'] }]]
        : [],
    ),
  );
  const threads = new Map<string, string>();
  for (const { eventId } of events) {
    let relation = relations.get(eventId);
    for (let hops = 0; hops <= HOPS_MAX && relation !== undefined; hops += 1) {
      if (relation.type === 'm.thread') {
        threads.set(eventId, relation.parentId);
        break;
      }
      const isKnown =
        known === 'all' || (place.get(relation.parentId) ?? 0) < (place.get(eventId) ?? 0);
      relation = isKnown ? relations.get(relation.parentId) : undefined;
    }
  }
  return threads;
}

/** By receipt, by sending, and by not having been there. */
function readBy(
  { events, receipts }: Past,
  userId: string,
  threads: ReadonlyMap<string, string>,
): (event: PastEvent) => boolean {
  let everywhere = 0;
  const inThread = new Map<string, number>();
  const readThread = (thread: string, order: number): void => {
    inThread.set(thread, Math.max(inThread.get(thread) ?? 0, order));
  };
  // What belongs into another thread by an event that came later was read in both.
  const first = threadsOf(events, 'before');
  let isMember = false;
  for (const event of events) {
    const joins = event.content['membership'] === 'join';
    if (event.type === 'm.room.member' && event.state_key === userId) {
      if (joins && !isMember) everywhere = Math.max(everywhere, event.order);
      isMember = joins;
    }
    if (event.sender !== userId) continue;
    for (const each of [first, threads]) readThread(each.get(event.eventId) ?? MAIN, event.order);
  }
  for (const { eventId, threadId } of receipts) {
    const order = events.find((event) => event.eventId === eventId)?.order ?? 0;
    if (threadId === undefined) everywhere = Math.max(everywhere, order);
    else readThread(threadId, order);
  }
  return ({ eventId, order }) => {
    const thread = threads.get(eventId) ?? MAIN;
    return order <= Math.max(everywhere, inThread.get(thread) ?? 0);
  };
}

function rulesAt({ rules }: Past, order: number): PushRuleChanges {
  let changes = NO_PUSH_RULE_CHANGES;
  for (const rule of rules) if (rule.position < order) ({ changes } = rule);
  return changes;
}

function roomAt(
  { events, version }: Past,
  event: PastEvent,
  memberCount: number,
  levels: PastEvent | undefined,
) {
  const power = powerLevels(levels?.content, events[0], version);
  return {
    memberCount,
    senderPower: () => power.userLevel(event.sender),
    notificationLevel: (key: string) => power.notificationLevel(key),
  };
}
