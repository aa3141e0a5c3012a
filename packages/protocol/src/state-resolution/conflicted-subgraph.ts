import { reachable, turnRound } from './auth-graph.ts';
import type { AuthGraph } from './auth-graph.ts';
import { numberUnder } from './number-at.ts';

/**
 * The conflicted state subgraph (spec: Room Version 12, "Conflicted state subgraph"): every event on a path of
 * `auth_events` between two events in conflict, these included.
 *
 * @param graph the auth chains of all events in conflict: all that they lead to
 */
export function conflictedSubgraph(inConflict: readonly number[], graph: AuthGraph): number[] {
  const places = inConflict.map((nid) => numberUnder(graph.placeOf, nid));
  const leads = reachable(turnRound(graph), places);
  return graph.nids.filter((_, place) => leads[place] === 1);
}
