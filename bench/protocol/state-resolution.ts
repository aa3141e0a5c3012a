import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { authorise, compactState, resolveStateNow } from '@soma/protocol';
import type { MemorySource, ResolutionQuestion } from '@soma/protocol';

import { lastResult } from './run-scenario.ts';
import type { Measure, ProtocolScenario } from './scenario.ts';
import { banWar, forkedRoom } from './state-resolution-rooms.ts';
import type { Conflict } from './state-resolution-rooms.ts';

/** State resolution on rooms in memory. */
export const stateResolution: ProtocolScenario = {
  name: 'state-resolution',
  title: 'State resolution',
  about:
    'Resolving states that are in memory as sorted arrays of integers, events included. Beside forks, bare compares ' +
    'and copies the same states as maps; beside ban wars, where all events are in conflict, it authorises each once. ' +
    'Of what a fork changes a third are bans after a departure, a third new names, a third departures.',
  measures,
};

function measures(): Measure[] {
  return ['11', '12'].flatMap((version) => [
    compared(
      `10,000 state events, 100 changed, version ${version}`,
      forkedRoom(version, 10_000, 2, 50),
      20,
    ),
    {
      ...compared(
        `100,000 state events, 1,000 changed, version ${version}`,
        forkedRoom(version, 100_000, 2, 500),
        200,
      ),
      memoryMegabytes: () => memoryOf(forkedRoom(version, 100_000, 2, 500)),
    },
    compared(
      `50 forks of 10,000, 20 changed in each, version ${version}`,
      forkedRoom(version, 10_000, 50, 20),
    ),
    authorised(`ban war of 5,000 events, version ${version}`, banWar(version, 5000), false),
    authorised(`ban war of 5,000 events, indexed, version ${version}`, banWar(version, 5000), true),
  ]);
}

/** Beside comparing and copying the states as maps, which any resolution has to do. */
function compared(title: string, conflict: Conflict, p50WantedMs?: number): Measure {
  const question = compactQuestion(conflict);
  const maps = conflict.room
    .question(conflict.states)
    .stateSets.filter((state) => state instanceof Map);
  return {
    title,
    soma: () => resolveStateNow(question, conflict.room.source),
    bare: () => sharedEntries(maps),
    ...(p50WantedMs === undefined ? {} : { p50WantedUs: p50WantedMs * 1000 }),
  };
}

/** Beside authorising the room's events once, which is what the events in conflict cost at least. */
function authorised(title: string, conflict: Conflict, withIndex: boolean): Measure {
  const { room } = conflict;
  const question = compactQuestion(conflict);
  const nids = Array.from({ length: room.size }, (_, index) => index + 1);
  const events = room.source.events(nids).flatMap((event) => event ?? []);
  const state = new Map(events.map((event) => [`${event.type}|${event.state_key}`, event]));
  const get = (type: string, stateKey: string) => state.get(`${type}|${stateKey}`);
  return {
    title,
    soma: () =>
      resolveStateNow(
        withIndex ? { ...question, authChains: room.authChains } : question,
        room.source,
      ),
    bare: () => events.map((event) => authorise(event, { get }, room.version)),
  };
}

function compactQuestion({ room, states }: Conflict): ResolutionQuestion {
  const question = room.question(states);
  return { ...question, stateSets: question.stateSets.map(compactState) };
}

function sharedEntries(maps: readonly ReadonlyMap<number, number>[]): Map<number, number> {
  const shared = new Map(maps[0]);
  for (const map of maps) {
    for (const [key, nid] of map) if (shared.get(key) !== nid) shared.delete(key);
  }
  return shared;
}

/** The most that is in use beyond the states themselves at any question that a resolution asks, and at its end. */
function memoryOf(conflict: Conflict): number {
  const question = compactQuestion(conflict);
  collectGarbage();
  const before = memoryInUse();
  let most = before;
  const look = <Result>(result: Result): Result => {
    most = Math.max(most, memoryInUse());
    return result;
  };
  const { source } = conflict.room;
  const watched: MemorySource = {
    authEvents: (nids) => look(source.authEvents(nids)),
    events: (nids) => look(source.events(nids)),
    stateKeys: (keys) => look(source.stateKeys(keys)),
  };
  const result = look(resolveStateNow(question, watched));
  lastResult.value = result;
  return (most - before) / 1e6;
}

function memoryInUse(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
}
