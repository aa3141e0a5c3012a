import { expectOk } from './expect-ok.ts';
import { HttpConnection } from './http-connection.ts';
import type { FetchJob, FetchResult } from './jobs.ts';
import { requestText } from './request-text.ts';

export async function runFetchJob(job: FetchJob): Promise<FetchResult> {
  const connection = new HttpConnection(job.port);
  const text = requestText('GET', job.path, job.port, job.token);
  const timesMs: number[] = [];
  let bytes = 0;
  try {
    for (let index = 0; index < job.times; index += 1) {
      const startedAt = performance.now();
      const answer = await connection.request(text);
      timesMs.push(performance.now() - startedAt);
      expectOk(answer, job.path);
      bytes = answer.body.length;
    }
  } finally {
    connection.close();
  }
  return { timesMs, bytes };
}
