import { numberAt, numberUnder } from './number-at.ts';
import { ask } from './steps.ts';
import type { Steps } from './steps.ts';
import type { Nids } from './types.ts';

/** Some events with their whole auth chains. Inside, an event is its place in `nids`. */
export interface AuthGraph {
  readonly nids: readonly number[];
  readonly placeOf: ReadonlyMap<number, number>;
  /** The auth events of the event at place p are `edges[starts[p]]` to before `edges[starts[p + 1]]`. */
  readonly starts: Uint32Array;
  readonly edges: Uint32Array;
}

const NONE: Nids = [];

/**
 * Walks the auth chains of events, one batch per generation, each event once. Cycles do no harm; an event that the source
 * does not know is told to `onMissing`.
 */
export function* walkAuthChains(
  eventNids: Iterable<number>,
  onMissing: (eventNid: number) => void,
): Steps<AuthGraph> {
  const nids = [...new Set(eventNids)];
  const placeOf = new Map(nids.map((nid, place) => [nid, place]));
  const authEvents: Nids[] = [];
  for (let generation = nids.slice(); generation.length > 0;) {
    const asked = generation;
    generation = [];
    yield* ask(
      (source) => source.authEvents(asked),
      (answers) => {
        for (const [index, nid] of asked.entries()) {
          const listed = answers[index] ?? NONE;
          if (answers[index] === undefined) onMissing(nid);
          authEvents.push(listed);
          for (const target of listed) {
            if (placeOf.has(target)) continue;
            placeOf.set(target, nids.length);
            nids.push(target);
            generation.push(target);
          }
        }
      },
    );
  }
  return { nids, placeOf, ...pack(authEvents, placeOf) };
}

function pack(authEvents: readonly Nids[], placeOf: ReadonlyMap<number, number>) {
  const starts = new Uint32Array(authEvents.length + 1);
  const edges: number[] = [];
  for (const [place, listed] of authEvents.entries()) {
    for (const nid of listed) edges.push(numberUnder(placeOf, nid));
    starts[place + 1] = edges.length;
  }
  return { starts, edges: Uint32Array.from(edges) };
}

/** The same events with every edge turned round: who lists the event at place p among its auth events. */
export function turnRound({ starts, edges }: AuthGraph): Pick<AuthGraph, 'starts' | 'edges'> {
  const count = starts.length - 1;
  const turnedStarts = new Uint32Array(count + 1);
  for (const target of edges) turnedStarts[target + 1] = numberAt(turnedStarts, target + 1) + 1;
  for (let place = 0; place < count; place++) {
    turnedStarts[place + 1] = numberAt(turnedStarts, place + 1) + numberAt(turnedStarts, place);
  }
  const next = turnedStarts.slice();
  const turnedEdges = new Uint32Array(edges.length);
  for (let place = 0; place < count; place++) {
    for (let edge = numberAt(starts, place); edge < numberAt(starts, place + 1); edge++) {
      const target = numberAt(edges, edge);
      const slot = numberAt(next, target);
      turnedEdges[slot] = place;
      next[target] = slot + 1;
    }
  }
  return { starts: turnedStarts, edges: turnedEdges };
}

/** The places that can be reached from some places along the edges, these included, as flags. */
export function reachable(
  { starts, edges }: Pick<AuthGraph, 'starts' | 'edges'>,
  from: readonly number[],
): Uint8Array {
  const reached = new Uint8Array(starts.length - 1);
  const waiting = [...from];
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    if (reached[place] === 1) continue;
    reached[place] = 1;
    for (let edge = numberAt(starts, place); edge < numberAt(starts, place + 1); edge++) {
      const target = numberAt(edges, edge);
      if (reached[target] === 0) waiting.push(target);
    }
  }
  return reached;
}
