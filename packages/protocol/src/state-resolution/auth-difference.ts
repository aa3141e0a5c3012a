import { reachable } from './auth-graph.ts';
import type { AuthGraph } from './auth-graph.ts';
import { numberAt, numberUnder } from './number-at.ts';
import { ask } from './steps.ts';
import type { Steps } from './steps.ts';
import type { Nids, PartitionedState } from './types.ts';

/**
 * The auth difference (spec: Room Version 2, "Auth difference"): what is in the auth chain of some of the sets of state and
 * not of all. An event counts as part of its own auth chain, as in deployed servers: otherwise an event that all
 * sets hold would be in the difference because only one of them has an event that lists it.
 *
 * Only the auth chains of events in conflict are walked, since what the sets share is in all chains. The shared
 * events are looked at only when something is left whose place in all chains they could explain.
 *
 * @param graph the auth chains of all events in conflict
 */
export function* authDifference(
  { unconflicted, conflictedBySet }: PartitionedState,
  graph: AuthGraph,
  onMissing: (eventNid: number) => void,
): Steps<number[]> {
  const counts = countSets(conflictedBySet, graph);
  const setCount = conflictedBySet.length;
  const inConflict = new Set(conflictedBySet.flat());
  const isOpen = (place: number): boolean => {
    const count = numberAt(counts, place);
    return count > 0 && count < setCount && !inConflict.has(numberAt(graph.nids, place));
  };
  const open = Array.from(graph.nids, (_, place) => place).filter(isOpen);
  if (open.length === 0) return [];
  yield* closeShared(Array.from(unconflicted.eventNids), graph, counts, setCount, onMissing);
  return open.filter(isOpen).map((place) => numberAt(graph.nids, place));
}

const NONE: Nids = [];

// For each event, in how many sets' auth chains it is.
function countSets(conflictedBySet: PartitionedState['conflictedBySet'], graph: AuthGraph) {
  const counts = new Uint32Array(graph.nids.length);
  for (const events of conflictedBySet) {
    const reached = reachable(
      graph,
      events.map((nid) => numberUnder(graph.placeOf, nid)),
    );
    for (let place = 0; place < counts.length; place++) {
      counts[place] = numberAt(counts, place) + numberAt(reached, place);
    }
  }
  return counts;
}

// Marks what is in the auth chains of shared events as part of all chains. What is marked already has a whole chain
// that is, so the walk stops there; that is nearly everywhere.
function* closeShared(
  shared: number[],
  graph: AuthGraph,
  counts: Uint32Array,
  setCount: number,
  onMissing: (eventNid: number) => void,
): Steps<void> {
  const outside = new Set<number>();
  for (let generation = shared; generation.length > 0;) {
    const asked = generation.filter((nid) => !close(nid));
    generation = [];
    if (asked.length === 0) return;
    yield* ask(
      (source) => source.authEvents(asked),
      (answers) => {
        for (const [index, nid] of asked.entries()) {
          if (answers[index] === undefined) onMissing(nid);
          for (const target of answers[index] ?? NONE) {
            if (close(target) || outside.has(target)) continue;
            outside.add(target);
            generation.push(target);
          }
        }
      },
    );
  }

  // Whether the event is in the graph: then it and its chain are closed.
  function close(nid: number): boolean {
    const place = graph.placeOf.get(nid);
    if (place === undefined) return false;
    if (counts[place] === setCount) return true;
    const waiting = [place];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (counts[next] === setCount) continue;
      counts[next] = setCount;
      const end = numberAt(graph.starts, next + 1);
      for (let edge = numberAt(graph.starts, next); edge < end; edge++) {
        waiting.push(numberAt(graph.edges, edge));
      }
    }
    return true;
  }
}
