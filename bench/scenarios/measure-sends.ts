import type { SendJob, Sender } from '../load/jobs.ts';
import type { Round } from '../rounds.ts';
import type { Bench } from '../scenario.ts';
import type { ServerUnderTest } from '../targets/server-under-test.ts';

const warmupMs = 500;
const measuredMs = 1500;
/** The servers take turns so often, since the noise of a shared machine comes and goes. */
const turns = 3;
const firstWarmupMs = 4000;
/** Bounds the load whatever the clock says. */
const sendsMax = 200_000;

export interface SendMeasure {
  readonly title: string;
  readonly workers: number;
  readonly senders: readonly Sender[];
  readonly followers?: readonly string[];
  readonly ratioWanted?: number;
}

/** Lets both servers compile what they run before anything is measured. */
export async function warmUp(
  bench: Bench,
  round: Round,
  senders: readonly Sender[],
): Promise<void> {
  await round.both(async (server) => {
    await bench.load.send({ ...jobFor(server, 64, senders), timeMaxMs: firstWarmupMs });
  });
}

/** Measures the same sends on both servers. */
export async function measureSends(
  bench: Bench,
  round: Round,
  measure: SendMeasure,
): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    const pair = round.index * turns + turn;
    await round.both((server) => measureOn(bench, pair, server, measure));
  }
}

async function measureOn(
  bench: Bench,
  pair: number,
  server: ServerUnderTest,
  { title, workers, senders, followers = [], ratioWanted }: SendMeasure,
): Promise<void> {
  const job = { ...jobFor(server, workers, senders), followers };
  const result = await bench.load.send(job);
  const { ratePerSecond, latency, serverCpuUsPerSend, loadCpuPercent } = result;
  bench.record({
    measure: title,
    pair,
    server: server.name,
    ratioWanted,
    figures: {
      ratePerSecond,
      p50Ms: latency.p50Ms,
      p99Ms: latency.p99Ms,
      cpuUs: serverCpuUsPerSend,
      writtenBytes: result.serverWrittenBytesPerSend,
    },
  });
  bench.tell(
    `${title}, ${server.name}: ${ratePerSecond.toFixed(0)}/s, p50 ${latency.p50Ms.toFixed(2)} ms, ` +
      `p99 ${latency.p99Ms.toFixed(2)} ms, server ${serverCpuUsPerSend.toFixed(0)} µs per send, ` +
      `load generator ${loadCpuPercent.toFixed(0)} % of a core`,
  );
}

function jobFor(server: ServerUnderTest, workers: number, senders: readonly Sender[]): SendJob {
  return {
    kind: 'send',
    port: server.port,
    serverPid: server.pid(),
    workers,
    senders,
    warmupMs,
    timeMaxMs: measuredMs,
    sendsMax,
    followers: [],
  };
}
