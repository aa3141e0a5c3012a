import { isJsonObject } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import type { Reader } from '../../storage/sql.ts';
import { EventFlag, readEvents } from '../event-store.ts';
import type { Rooms } from '../rooms.ts';
import type { StoredEvent } from '../stored-event.ts';
import { viewEvents } from '../view-events.ts';
import type { ViewOptions, ViewedEvent } from '../view-events.ts';
import type { Viewer } from '../viewer.ts';
import { readAggregationBounds } from './aggregation-bounds.ts';
import { readReferences, readRelatedFacts, readThreadFacts } from './bundle-store.ts';
import type { AggregationBounds, RelatedFacts, ThreadFacts } from './bundle-store.ts';

/** Where events are told with what relates to them. */
export interface BundleQuestion {
  readonly rooms: Rooms;
  readonly reader: Reader;
  readonly viewer: Viewer;
  readonly roomNid: number;
  readonly options?: ViewOptions;
}

/**
 * Adds to events of a room what is aggregated under each (CS API, "Aggregations of child events"): replacements,
 * threads and references, as far as the viewer may see them. A few queries for all events together.
 */
export async function bundleRelations(
  question: BundleQuestion,
  events: readonly ViewedEvent[],
): Promise<ViewedEvent[]> {
  return addBundles(question, events, true);
}

async function addBundles(
  question: BundleQuestion,
  events: readonly ViewedEvent[],
  withThreads: boolean,
): Promise<ViewedEvent[]> {
  const { rooms, reader, viewer, roomNid } = question;
  // State events have no aggregations.
  const parents = events.flatMap(({ event }) => (event.stateKeyNid === null ? event.eventNid : []));
  if (parents.length === 0) return [...events];
  const bounds = await readAggregationBounds(rooms, reader, viewer, roomNid);
  const facts = await readRelatedFacts(reader, parents, bounds);
  if (facts.length === 0) return [...events];
  const bundles = await Bundles.load(question, facts, bounds, withThreads);
  return events.map((viewed) => withRelations(viewed, bundles.of(viewed.event)));
}

function withRelations(viewed: ViewedEvent, relations: JsonObject): ViewedEvent {
  if (Object.keys(relations).length === 0) return viewed;
  const { unsigned } = viewed.client;
  const extended = { ...(isJsonObject(unsigned) ? unsigned : {}), 'm.relations': relations };
  return { event: viewed.event, client: { ...viewed.client, unsigned: extended } };
}

/** What is aggregated under some events. */
class Bundles {
  readonly #facts: ReadonlyMap<number, RelatedFacts>;
  readonly #threads: ReadonlyMap<number, ThreadFacts>;
  readonly #references: ReadonlyMap<number, readonly number[]>;
  /** The child events that the viewer may see, as JSON for clients. */
  readonly #children: ReadonlyMap<number, ViewedEvent>;

  private constructor(
    facts: readonly RelatedFacts[],
    threads: readonly ThreadFacts[],
    references: ReadonlyMap<number, readonly number[]>,
    children: ReadonlyMap<number, ViewedEvent>,
  ) {
    this.#facts = new Map(facts.map((one) => [one.eventNid, one]));
    this.#threads = new Map(threads.map((one) => [one.rootNid, one]));
    this.#references = references;
    this.#children = children;
  }

  static async load(
    question: BundleQuestion,
    facts: readonly RelatedFacts[],
    bounds: AggregationBounds,
    withThreads: boolean,
  ): Promise<Bundles> {
    const { reader, viewer } = question;
    const roots = facts.filter(({ isThreadRoot }) => isThreadRoot && withThreads);
    const rootNids = roots.map(({ eventNid }) => eventNid);
    const threads = await readThreadFacts(reader, viewer.userNid, rootNids, bounds);
    const referred = facts.filter(({ hasReferences }) => hasReferences);
    const references = await readReferences(
      reader,
      referred.map(({ eventNid }) => eventNid),
      bounds,
    );
    const latest = threads.flatMap(({ latestNid }) => latestNid ?? []);
    const others = [
      ...facts.flatMap(({ replacementNid }) => replacementNid ?? []),
      ...[...references.values()].flat(),
    ];
    const children = await viewChildren(question, [...new Set([...latest, ...others])]);
    // Of a thread's latest event the client is told what relates to it as well.
    const answers = latest.flatMap((nid) => children.get(nid) ?? []);
    for (const answer of await addBundles(question, answers, false)) {
      children.set(answer.event.eventNid, answer);
    }
    return new Bundles(facts, threads, references, children);
  }

  of(event: StoredEvent): JsonObject {
    const facts = this.#facts.get(event.eventNid);
    if (facts === undefined) return {};
    const isRedacted = (event.flags & EventFlag.redacted) !== 0;
    const replacement = isRedacted ? undefined : this.#childOf(facts.replacementNid);
    const thread = this.#threadOf(event);
    const references = (this.#references.get(event.eventNid) ?? []).flatMap(
      (nid) => this.#children.get(nid)?.event.eventId ?? [],
    );
    return {
      ...(replacement === undefined ? {} : { 'm.replace': replacement }),
      ...(thread === undefined ? {} : { 'm.thread': thread }),
      ...(references.length === 0
        ? {}
        : { 'm.reference': { chunk: references.map((eventId) => ({ event_id: eventId })) } }),
    };
  }

  #threadOf({ eventNid }: StoredEvent): JsonObject | undefined {
    const thread = this.#threads.get(eventNid);
    const latest = this.#childOf(thread?.latestNid);
    if (thread === undefined || latest === undefined) return undefined;
    return {
      latest_event: latest,
      count: thread.count,
      current_user_participated: thread.participated,
    };
  }

  #childOf(eventNid: number | undefined): JsonObject | undefined {
    return eventNid === undefined ? undefined : this.#children.get(eventNid)?.client;
  }
}

async function viewChildren(
  { rooms, reader, viewer, roomNid, options }: BundleQuestion,
  eventNids: readonly number[],
): Promise<Map<number, ViewedEvent>> {
  const rows = await readEvents(reader, eventNids);
  const viewed = await viewEvents(rooms, reader, viewer, roomNid, rows, options);
  return new Map(viewed.map((one) => [one.event.eventNid, one]));
}
