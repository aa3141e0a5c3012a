/** Loaded into a server that is measured: on SIGUSR2 it writes how long its event loop was held up to `?path=`. */
import { renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const path = new URL(import.meta.url).searchParams.get('path');

if (isMainThread && path !== null) {
  const resolutionMs = 5;
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  const toMs = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - resolutionMs);
  process.on('SIGUSR2', () => {
    const read = { p99Ms: toMs(delays.percentile(99)), maxMs: toMs(delays.max) };
    delays.reset();
    // Whoever waits for the file finds it whole.
    writeFileSync(`${path}.part`, JSON.stringify(read));
    renameSync(`${path}.part`, path);
  });
}
