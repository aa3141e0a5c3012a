import { randomBytes } from 'node:crypto';

import { expectOk } from './expect-ok.ts';
import { follow, type Following } from './follow.ts';
import { HttpConnection } from './http-connection.ts';
import type { Sender, SendJob, SendResult } from './jobs.ts';
import { Latencies } from './latencies.ts';
import { messageContent } from './message-content.ts';
import { processUsage, type ProcessUsage } from './process-usage.ts';
import { requestRest } from './request-text.ts';
import { beginSyncs } from './sync-client.ts';

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
  const following = (await beginSyncs(job.port, job.followers)).map(follow);
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
  const usage = watchUsage(job);
  const workers = Array.from({ length: job.workers }, (_, index) => runWorker(progress, index));
  await Promise.all(workers);
  const used = usage.end();
  await stopAll(following);
  const elapsedMs = progress.lastAt - opensAt;
  return {
    sends: progress.started,
    ratePerSecond: (progress.counted / elapsedMs) * 1000,
    latency: progress.latencies.summary(),
    serverCpuUsPerSend: (used.server.cpuMs * 1000) / progress.counted,
    serverWrittenBytesPerSend: used.server.writtenBytes / progress.counted,
    loadCpuPercent: (used.ownCpuMs / elapsedMs) * 100,
  };
}

async function runWorker(progress: Progress, index: number): Promise<void> {
  const { job, prefix, latencies } = progress;
  const sender = job.senders[index % job.senders.length];
  if (sender === undefined) throw new Error('a send job needs a sender');
  const heads = requestHeads(sender);
  const { contents = [messageContent] } = job;
  const rests = contents.map((content) => requestRest(job.port, sender.token, content));
  const connection = new HttpConnection(job.port);
  let next = firstRoom(job, index, heads.length);
  try {
    while (progress.started < job.sendsMax) {
      const startedAt = performance.now();
      if (startedAt >= progress.closesAt) return;
      const head = heads[next % heads.length] ?? '';
      next += 1;
      progress.started += 1;
      const number = progress.started;
      const rest = rests[number % rests.length] ?? '';
      const answer = await connection.request(`${head}${prefix}${number}${rest}`);
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

/** What server and generator use from the end of the warm-up to `end`. */
function watchUsage(job: SendJob): { end(): { server: ProcessUsage; ownCpuMs: number } } {
  let serverBefore = processUsage(job.serverPid);
  let ownBefore = process.cpuUsage();
  const timer = setTimeout(() => {
    serverBefore = processUsage(job.serverPid);
    ownBefore = process.cpuUsage();
  }, job.warmupMs);
  return {
    end() {
      clearTimeout(timer);
      const server = processUsage(job.serverPid);
      const own = process.cpuUsage(ownBefore);
      return {
        server: {
          cpuMs: server.cpuMs - serverBefore.cpuMs,
          writtenBytes: server.writtenBytes - serverBefore.writtenBytes,
        },
        ownCpuMs: (own.user + own.system) / 1000,
      };
    },
  };
}

async function stopAll(following: readonly Following[]): Promise<void> {
  await Promise.all(following.map((one) => one.stop()));
}
