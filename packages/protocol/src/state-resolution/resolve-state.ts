import type { AuthEvidence } from '../auth-rules/types.ts';
import type { RoomVersion } from '../room-versions/types.ts';
import type { Algorithm } from './algorithm.ts';
import { compactState, eventUnder } from './compact-state.ts';
import { LoadedEvents } from './loaded-events.ts';
import { partitionState } from './partition-state.ts';
import { resolveByDepth } from './resolve-by-depth.ts';
import { resolveByPower } from './resolve-by-power.ts';
import { run, runNow } from './steps.ts';
import type { Steps } from './steps.ts';
import type { MemorySource, Resolution, ResolutionQuestion, ResolutionSource } from './types.ts';

const ALGORITHMS: Readonly<Record<RoomVersion['stateResolution'], Algorithm>> = {
  '1': resolveByDepth,
  '2': resolveByPower({ startsFrom: 'unconflicted-state', replaysSubgraph: false }),
  '2.1': resolveByPower({ startsFrom: 'empty-state', replaysSubgraph: true }),
};

/**
 * Resolves sets of state by the algorithm of the room version (spec: Room Versions, "State resolution"). Only the failures
 * of the source and of the crypto that is handed in come out of it; what is wrong with events does not.
 *
 * The work grows with the sets' sizes only in comparing them (and, when an auth difference is left, in one question for the
 * auth events of all that is shared); all else grows with what is in conflict and its auth chains.
 */
export function resolveState(
  question: ResolutionQuestion,
  source: ResolutionSource,
): Promise<Resolution> {
  return run(resolution(question), source);
}

/**
 * `resolveState` without waiting, for a source in memory. Throws a TypeError when the source answers with a promise.
 */
export function resolveStateNow(question: ResolutionQuestion, source: MemorySource): Resolution {
  return runNow(resolution(question), source);
}

function* resolution(question: ResolutionQuestion): Steps<Resolution> {
  const { roomVersion: version, createNid, authChains, verify, sha1 } = question;
  const partitioned = partitionState(question.stateSets.map(compactState));
  const { unconflicted, conflicts } = partitioned;
  const resolved = new Map<number, number>();
  if (conflicts.size === 0) return { unconflicted, resolved, missing: [] };
  const loaded = new LoadedEvents();
  const evidence: AuthEvidence = verify === undefined ? {} : { verify };
  const context = { version, createNid, authChains, loaded, evidence, sha1 };
  const state = yield* ALGORITHMS[version.stateResolution](partitioned, context);
  for (const { stateKeyNid, nid } of state) {
    if (eventUnder(unconflicted, stateKeyNid) === undefined) resolved.set(stateKeyNid, nid);
  }
  return { unconflicted, resolved, missing: loaded.missing };
}
