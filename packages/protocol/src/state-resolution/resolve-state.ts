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
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { resolveState, roomVersion } from '@soma/protocol';
 *
 * const version = roomVersion('12');
 * assert.ok(version);
 * const state = new Map([[1, 10], [2, 20]]);
 * const nothingInConflict = { roomVersion: version, stateSets: [state, state], sha1: () => '' };
 * const { resolved, missing } = await resolveState(nothingInConflict, {
 *   authEvents: async (nids) => nids.map(() => []),
 *   events: async (nids) => nids.map(() => undefined),
 *   stateKeys: async (keys) => keys.map(() => undefined),
 * });
 * assert.deepEqual([resolved.size, missing], [0, []]);
 * ```
 */
export function resolveState(
  question: ResolutionQuestion,
  source: ResolutionSource,
): Promise<Resolution> {
  return run(resolution(question), source);
}

/**
 * `resolveState` without waiting, for a source in memory. Throws a TypeError when the source answers with a promise.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { createHash } from 'node:crypto';
 * import { resolveStateNow, roomVersion } from '@soma/protocol';
 * import type { MemorySource, ResolutionEvent } from '@soma/protocol';
 *
 * const roomVersion11 = roomVersion('11');
 * assert.ok(roomVersion11);
 * const sender = '@alice:example.org';
 * const made: ResolutionEvent[] = [];
 * function add(type: string, state_key: string, content: ResolutionEvent['content'], authEventNids: number[]) {
 *   const nid = made.length + 1;
 *   const [eventId, room_id] = [`$${nid}`, '!room:example.org'];
 *   const stateKeyNid = Math.min(nid, 3);
 *   const event = { nid, eventId, stateKeyNid, authEventNids, depth: nid, origin_server_ts: nid };
 *   made.push({ ...event, type, state_key, sender, room_id, content, prev_events: ['$1'] });
 * }
 * add('m.room.create', '', { room_version: '11' }, []);
 * add('m.room.member', sender, { membership: 'join' }, [1]);
 * add('m.room.topic', '', { topic: 'earlier' }, [1, 2]);
 * add('m.room.topic', '', { topic: 'later' }, [1, 2]);

 * // Two servers hold the room's state with another topic each; of two equals the later one wins.
 * const question = {
 *   roomVersion: roomVersion11,
 *   stateSets: [new Map([[1, 1], [2, 2], [3, 3]]), new Map([[1, 1], [2, 2], [3, 4]])],
 *   sha1: (text: string) => createHash('sha1').update(text).digest('hex'),
 * };
 * const source: MemorySource = {
 *   authEvents: (nids) => nids.map((nid) => made[nid - 1]?.authEventNids),
 *   events: (nids) => nids.map((nid) => made[nid - 1]),
 *   stateKeys: (keys) => keys.map(([type]) => made.find((event) => event.type === type)?.stateKeyNid),
 * };
 * assert.deepEqual([...resolveStateNow(question, source).resolved], [[3, 4]]);
 * ```
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
