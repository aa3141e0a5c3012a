/** Measures state resolution beside a bare reference: `node --expose-gc bench/protocol/state-resolution.ts`. */
import assert from 'node:assert/strict';

import { authorise, compactState, resolveStateNow } from '@soma/protocol';
import type { MemorySource, ResolutionQuestion } from '@soma/protocol';

import { machineFacts } from '../machine-facts.ts';
import { banWar, forkedRoom } from './state-resolution-rooms.ts';
import type { Conflict } from './state-resolution-rooms.ts';

/** One line of the table: two ways to spend time on the same states. */
interface Measure {
  readonly title: string;
  /** What the reference does. */
  readonly bareTitle: string;
  readonly soma: () => unknown;
  readonly bare: () => unknown;
  readonly wantedMs?: number;
}

const rounds = 15;

/** State resolution on rooms in memory. */
export const stateResolution = {
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
    compared(
      `100,000 state events, 1,000 changed, version ${version}`,
      forkedRoom(version, 100_000, 2, 500),
      200,
    ),
    compared(
      `50 forks of 10,000, 20 changed in each, version ${version}`,
      forkedRoom(version, 10_000, 50, 20),
    ),
    authorised(`ban war of 5,000 events, version ${version}`, banWar(version, 5000), false),
    authorised(`ban war of 5,000 events, indexed, version ${version}`, banWar(version, 5000), true),
  ]);
}

/** Beside comparing and copying the states as maps, which any resolution has to do. */
function compared(title: string, conflict: Conflict, wantedMs?: number): Measure {
  const question = compactQuestion(conflict);
  const maps = conflict.room
    .question(conflict.states)
    .stateSets.filter((state) => state instanceof Map);
  return {
    title,
    bareTitle: 'compare and copy the states as maps',
    soma: () => resolveStateNow(question, conflict.room.source),
    bare: () => sharedEntries(maps),
    ...(wantedMs === undefined ? {} : { wantedMs }),
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
    bareTitle: 'authorise each event once',
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

function measureTimes({ title, bareTitle, soma, bare, wantedMs }: Measure): string {
  const times = { soma: [] as number[], bare: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    times.soma.push(timeOf(soma));
    times.bare.push(timeOf(bare));
  }
  const [ours, theirs] = [median(times.soma), median(times.bare)];
  const wanted = wantedMs === undefined ? '' : ` (wanted < ${wantedMs})`;
  return `| ${title} | ${ours.toFixed(1)}${wanted} | ${theirs.toFixed(1)} (${bareTitle}) | ${(ours / theirs).toFixed(1)} |`;
}

function timeOf(call: () => unknown): number {
  const startedAt = performance.now();
  const result = call();
  const took = performance.now() - startedAt;
  assert.ok(result);
  return took;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** How much more memory is in use at any question that a resolution asks, and at its end. */
function measureMemory(): string {
  const conflict = forkedRoom('12', 100_000, 2, 500);
  const question = compactQuestion(conflict);
  globalThis.gc?.();
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
  globalThis.gc?.();
  const kept = memoryInUse();
  assert.ok(result.resolved.size > 0);
  const write = (bytes: number): string => ((bytes - before) / 2 ** 20).toFixed(1);
  return `memory of a resolution over 100,000 state events: at most ${write(most)} MiB more, ${write(kept)} MiB with its result`;
}

function memoryInUse(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function main(): void {
  const { title, about } = stateResolution;
  console.log(`${title}. ${about}\n\n${machineFacts()}, medians of ${rounds} rounds in ms\n`);
  console.log('| | Soma | bare | Soma/bare |\n|---|---:|---:|---:|');
  for (const measure of measures()) console.log(measureTimes(measure));
  console.log(`\n${measureMemory()}`);
}

if (import.meta.main) main();
