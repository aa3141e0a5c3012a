import type { Figures } from '../figures.ts';
import type { Sample } from '../results.ts';
import type { Measure, ProtocolScenario } from './scenario.ts';

const usualTurnMs = 300;
// The clock itself takes part of a microsecond: shorter calls are timed many at once, and have no percentiles.
const timedAloneMs = 0.02;

/** Keeps what was computed, so that the engine cannot leave the computation out. */
export const lastResult: { value: unknown } = { value: undefined };

/** Measures everything in a scenario, Soma and the bare reference by turns. */
export function runProtocolScenario(
  scenario: ProtocolScenario,
  rounds: number,
  record: (sample: Sample) => void,
  turnMs = usualTurnMs,
): void {
  for (const measure of scenario.measures()) {
    const { bare, soma, title, ratioWanted, p50WantedUs } = measure;
    // The engine compiles what it sees often: nothing is measured before that.
    const works = [
      { server: 'soma', call: soma, warm: timesOf(soma, 1, turnMs) } as const,
      ...(bare === undefined
        ? []
        : [{ server: 'bare', call: bare, warm: timesOf(bare, 1, turnMs) } as const]),
    ];
    if (measure.memoryMegabytes !== undefined) {
      const figures = { memoryMegabytes: measure.memoryMegabytes() };
      record({ measure: title, pair: 0, server: 'soma', figures });
    }
    for (let pair = 0; pair < rounds; pair += 1) {
      for (const { server, call, warm } of pair % 2 === 0 ? works : works.toReversed()) {
        const batch = Math.max(1, Math.round((timedAloneMs * warm.calls) / warm.totalMs));
        const figures = figuresOf(measure, timesOf(call, batch, turnMs));
        record({ measure: title, pair, server, figures, ratioWanted, p50WantedUs });
      }
    }
  }
}

interface Times {
  readonly calls: number;
  readonly totalMs: number;
  /** How long each call took; empty when calls are too short to be timed alone. */
  readonly eachMs: readonly number[];
}

/** Calls for the time of a turn, and at least once, looking at the clock after so many calls. */
function timesOf(call: () => unknown, batch: number, turnMs: number): Times {
  const eachMs: number[] = [];
  let calls = 0;
  const from = performance.now();
  let until = from;
  do {
    for (let index = 0; index < batch; index += 1) lastResult.value = call();
    const now = performance.now();
    if (batch === 1) eachMs.push(now - until);
    until = now;
    calls += batch;
  } while (until - from < turnMs);
  return { calls, totalMs: until - from, eachMs };
}

function figuresOf({ operations = 1, bytes }: Measure, { calls, totalMs, eachMs }: Times): Figures {
  const callsPerSecond = (calls / totalMs) * 1000;
  const sortedMs = eachMs.toSorted((a, b) => a - b);
  const usAt = (share: number): number =>
    ((sortedMs[Math.floor(sortedMs.length * share)] ?? Number.NaN) * 1000) / operations;
  return {
    ...(bytes === undefined
      ? { operationsPerSecond: callsPerSecond * operations }
      : { megabytesPerSecond: (callsPerSecond * bytes) / 1e6 }),
    ...(sortedMs.length === 0 ? {} : { p50Us: usAt(0.5), p99Us: usAt(0.99) }),
  };
}
