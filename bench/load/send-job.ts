import { randomBytes } from 'node:crypto';

import { cpuTimeMs } from './cpu-time.ts';
import { expectOk } from './expect-ok.ts';
import { follow, type Following } from './follow.ts';
import { HttpConnection } from './http-connection.ts';
import type { Sender, SendJob, SendResult } from './jobs.ts';
import { Latencies } from './latencies.ts';
import { messageContent } from './message-content.ts';
import { requestRest } from './request-text.ts';

/** Counts what all workers do; the measured window opens after the warm-up. */
interface Progress {
  readonly job: SendJob;
  readonly prefix: string;
  readonly latencies: Latencies;
  readonly opensAt: number;
  readonly closesAt: number;
  started: number;
  counted: number;
  lastAt: number;
}

export async function runSendJob(job: SendJob): Promise<SendResult> {
  const following = job.followers.map((token) => follow(job.port, token));
  await Promise.all(following.map(({ ready }) => ready));
  const opensAt = performance.now() + job.warmupMs;
  const progress: Progress = {
    job,
    prefix: `b${randomBytes(4).toString('hex')}-`,
    latencies: new Latencies(),
    opensAt,
    closesAt: opensAt + job.timeMaxMs,
    started: 0,
    counted: 0,
    lastAt: opensAt,
  };
  const cpu = watchCpu(job);
  const workers = Array.from({ length: job.workers }, (_, index) => runWorker(progress, index));
  await Promise.all(workers);
  const used = cpu.end();
  await stopAll(following);
  const elapsedMs = progress.lastAt - opensAt;
  return {
    sends: progress.started,
    ratePerSecond: (progress.counted / elapsedMs) * 1000,
    latency: progress.latencies.summary(),
    serverCpuUsPerSend: (used.serverMs * 1000) / progress.counted,
    loadCpuPercent: (used.ownMs / elapsedMs) * 100,
  };
}

async function runWorker(progress: Progress, index: number): Promise<void> {
  const { job, prefix, latencies } = progress;
  const sender = job.senders[index % job.senders.length];
  if (sender === undefined) throw new Error('a send job needs a sender');
  const heads = requestHeads(sender);
  const rest = requestRest(job.port, sender.token, messageContent);
  const connection = new HttpConnection(job.port);
  let next = firstRoom(job, index, heads.length);
  try {
    while (progress.started < job.sendsMax) {
      const startedAt = performance.now();
      if (startedAt >= progress.closesAt) return;
      const head = heads[next % heads.length] ?? '';
      next += 1;
      progress.started += 1;
      const answer = await connection.request(`${head}${prefix}${progress.started}${rest}`);
      const now = performance.now();
      expectOk(answer, 'a send');
      if (startedAt < progress.opensAt) continue;
      latencies.add(now - startedAt);
      progress.counted += 1;
      progress.lastAt = now;
    }
  } finally {
    connection.close();
  }
}

/** The workers of one sender begin evenly spread over its rooms, so that none is left out. */
function firstRoom({ workers, senders }: SendJob, index: number, rooms: number): number {
  const nth = Math.floor(index / senders.length);
  const workersPerSender = Math.ceil(workers / senders.length);
  return Math.floor((nth * rooms) / workersPerSender);
}

function requestHeads({ roomIds }: Sender): string[] {
  return roomIds.map((roomId) => {
    const room = encodeURIComponent(roomId);
    return `PUT /_matrix/client/v3/rooms/${room}/send/m.room.message/`;
  });
}

/** CPU time from the end of the warm-up to `end`. */
function watchCpu(job: SendJob): { end(): { serverMs: number; ownMs: number } } {
  let serverBefore = cpuTimeMs(job.serverPid);
  let ownBefore = process.cpuUsage();
  const timer = setTimeout(() => {
    serverBefore = cpuTimeMs(job.serverPid);
    ownBefore = process.cpuUsage();
  }, job.warmupMs);
  return {
    end() {
      clearTimeout(timer);
      const own = process.cpuUsage(ownBefore);
      return {
        serverMs: cpuTimeMs(job.serverPid) - serverBefore,
        ownMs: (own.user + own.system) / 1000,
      };
    },
  };
}

async function stopAll(following: readonly Following[]): Promise<void> {
  await Promise.all(following.map((one) => one.stop()));
}
