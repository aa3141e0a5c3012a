import assert from 'node:assert/strict';
import { test } from 'node:test';

import { tableOf } from '../report.ts';
import type { Sample } from '../results.ts';
import { runProtocolScenario } from './run-scenario.ts';
import type { Measure } from './scenario.ts';

function samplesOf(measure: Measure): Sample[] {
  const samples: Sample[] = [];
  const scenario = { name: 'x', title: 'x', about: 'x', measures: () => [measure] };
  runProtocolScenario(scenario, 2, (sample) => samples.push(sample), 5);
  return samples;
}

test('both are measured by turns', () => {
  const samples = samplesOf({ title: 'x', soma: () => 1, bare: () => 2, ratioWanted: 0.5 });
  assert.deepEqual(
    samples.map(({ pair, server }) => `${pair} ${server}`),
    ['0 soma', '0 bare', '1 bare', '1 soma'],
  );
  assert.ok(samples.every(({ figures }) => (figures.operationsPerSecond ?? 0) > 0));
});

test('what is wanted is told beside it', () => {
  const work = () => Array.from({ length: 20_000 }, (_, index) => index);
  const table = tableOf(
    samplesOf({ title: 'x', soma: work, bare: work, ratioWanted: 0.5, p50WantedUs: 1 }),
  );
  assert.match(table, /^\| x \| operations per second .*\(wanted ≥ 0.5\) \|$/m);
  assert.match(table, /^\| x \| time of one, p50, µs \| [0-9.,]+ \(wanted ≤ 1.0\) \|/m);
});

test('a long call has percentiles, and a rate in bytes where its size is known', () => {
  const work = () => Array.from({ length: 20_000 }, (_, index) => index).toReversed();
  const [sample] = samplesOf({ title: 'x', soma: work, bytes: 1000, operations: 10 });
  assert.ok(sample !== undefined);
  const { megabytesPerSecond = 0, p50Us = 0, p99Us = 0, operationsPerSecond } = sample.figures;
  assert.ok(megabytesPerSecond > 0 && p50Us > 0 && p99Us >= p50Us);
  assert.equal(operationsPerSecond, undefined);
});
