import { expectOk } from './expect-ok.ts';
import { HttpConnection } from './http-connection.ts';
import type { JoinJob, JoinResult, Sender } from './jobs.ts';
import { Latencies } from './latencies.ts';
import { requestText } from './request-text.ts';

/** Every client joins its rooms one after the other, all clients at once. */
export async function runJoinJob({ port, clients }: JoinJob): Promise<JoinResult> {
  const latencies = new Latencies();
  const startedAt = performance.now();
  await Promise.all(clients.map((client) => joinAll(port, client, latencies)));
  const elapsedMs = performance.now() - startedAt;
  const latency = latencies.summary();
  return { latency, ratePerSecond: (latency.count / elapsedMs) * 1000 };
}

async function joinAll(
  port: number,
  { token, roomIds }: Sender,
  latencies: Latencies,
): Promise<void> {
  const connection = new HttpConnection(port);
  try {
    for (const roomId of roomIds) {
      const path = `/_matrix/client/v3/join/${encodeURIComponent(roomId)}`;
      const startedAt = performance.now();
      expectOk(await connection.request(requestText('POST', path, port, token, '{}')), 'a join');
      latencies.add(performance.now() - startedAt);
    }
  } finally {
    connection.close();
  }
}
