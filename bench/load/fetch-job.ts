import { expectOk } from './expect-ok.ts';
import { HttpConnection } from './http-connection.ts';
import type { FetchJob, FetchResult } from './jobs.ts';
import { requestText } from './request-text.ts';

export async function runFetchJob(job: FetchJob): Promise<FetchResult> {
  const startedAt = performance.now();
  const fetched = await Promise.all(job.tokens.map((token) => fetchAs(job, token)));
  return {
    timesMs: fetched.flatMap(({ timesMs }) => timesMs),
    wholeMs: performance.now() - startedAt,
    bytes: fetched[0]?.bytes ?? 0,
  };
}

async function fetchAs(
  { port, path, body, times }: FetchJob,
  token: string,
): Promise<{ timesMs: number[]; bytes: number }> {
  const connection = new HttpConnection(port);
  const text = requestText(body === undefined ? 'GET' : 'POST', path, port, token, body);
  const timesMs: number[] = [];
  let bytes = 0;
  try {
    for (let index = 0; index < times; index += 1) {
      const startedAt = performance.now();
      const answer = await connection.request(text);
      timesMs.push(performance.now() - startedAt);
      expectOk(answer, path);
      bytes = answer.body.length;
    }
  } finally {
    connection.close();
  }
  return { timesMs, bytes };
}
