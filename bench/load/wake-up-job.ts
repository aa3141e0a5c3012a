import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { expectOk } from './expect-ok.ts';
import { HttpConnection } from './http-connection.ts';
import type { WakeUpJob, WakeUpResult } from './jobs.ts';
import { Latencies } from './latencies.ts';
import { requestText } from './request-text.ts';
import { beginSyncs, type SyncClient } from './sync-client.ts';

export async function runWakeUpJob(job: WakeUpJob): Promise<WakeUpResult> {
  const connection = new HttpConnection(job.port);
  const clients = await beginSyncs(job.port, job.waiters);
  const afterAnswer = new Latencies();
  const afterRequest = new Latencies();
  const deadline = performance.now() + job.timeMaxMs;
  let messages = 0;
  try {
    for (let index = 0; index < job.warmups + job.messages; index += 1) {
      if (performance.now() > deadline) break;
      const marker = `wake-up ${randomBytes(6).toString('hex')}`;
      const arrivals = clients.map((client) => untilSeen(client, marker));
      await sleep(job.settleMs);
      const startedAt = performance.now();
      const [answeredAt, ...seenAt] = await Promise.all([
        send(connection, job, marker),
        ...arrivals,
      ]);
      if (index < job.warmups) continue;
      messages += 1;
      for (const at of seenAt) {
        afterAnswer.add(at - answeredAt);
        afterRequest.add(at - startedAt);
      }
    }
  } finally {
    connection.close();
    for (const client of clients) client.close();
  }
  return { messages, afterAnswer: afterAnswer.summary(), afterRequest: afterRequest.summary() };
}

/** Syncs until an answer holds the message, and gives the time at which that answer was complete. */
async function untilSeen(client: SyncClient, marker: string): Promise<number> {
  for (;;) {
    const body = await client.next();
    const at = performance.now();
    if (body.includes(marker)) return at;
  }
}

async function send(connection: HttpConnection, job: WakeUpJob, marker: string): Promise<number> {
  const { token, roomId } = job.sender;
  const room = encodeURIComponent(roomId);
  const transaction = encodeURIComponent(marker);
  const path = `/_matrix/client/v3/rooms/${room}/send/m.room.message/${transaction}`;
  const content = JSON.stringify({ msgtype: 'm.text', body: marker });
  const answer = await connection.request(requestText('PUT', path, job.port, token, content));
  const at = performance.now();
  expectOk(answer, 'a send');
  return at;
}
