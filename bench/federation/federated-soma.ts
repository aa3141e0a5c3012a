import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { federationSettings } from '../../tests/harness/federation-settings.ts';
import { freePort } from '../../tests/harness/free-port.ts';
import { valueAt } from '../../tests/harness/json-path.ts';
import type { TestAuthority } from '../../tests/harness/test-certificates.ts';
import type { Bench } from '../scenario.ts';
import { startSoma, type SomaUnderTest } from '../targets/start-soma.ts';
import { makeWorkFolder } from '../targets/work-folder.ts';

/** A Soma that speaks TLS with played servers. */
export interface FederatedSoma extends SomaUnderTest {
  readonly serverName: string;
  /** How long its event loop was held up since the last time it was asked. */
  delays(): Promise<{ readonly p99Ms: number; readonly maxMs: number }>;
}

const pollMs = 10;
const answerMsMax = 20_000;

export async function startFederatedSoma(
  bench: Bench,
  authority: TestAuthority,
): Promise<FederatedSoma> {
  const work = makeWorkFolder('federation');
  const federationPort = await freePort();
  const serverName = `127.0.0.1:${federationPort}`;
  const { listener, options } = federationSettings(authority, work.path)(
    serverName,
    federationPort,
  );
  const delaysPath = join(work.path, 'delays.json');
  const preloaded = new URL('event-loop-delay.ts', import.meta.url);
  preloaded.searchParams.set('path', delaysPath);
  const soma = await startSoma(bench.home, {
    profileFolder: bench.profileFolder,
    options,
    extraListeners: [listener],
    preloaded,
  });
  return {
    ...soma,
    serverName,
    async delays() {
      rmSync(delaysPath, { force: true });
      process.kill(soma.pid(), 'SIGUSR2');
      const read = await readWhenThere(delaysPath);
      return { p99Ms: Number(valueAt(read, 'p99Ms')), maxMs: Number(valueAt(read, 'maxMs')) };
    },
    async dispose() {
      await soma.dispose();
      work.remove();
    },
  };
}

async function readWhenThere(path: string): Promise<unknown> {
  for (let waitedMs = 0; ; waitedMs += pollMs) {
    try {
      return JSON.parse(readFileSync(path, 'utf8'));
    } catch (error) {
      if (waitedMs > answerMsMax) throw error;
    }
    await sleep(pollMs);
  }
}
