/** The load generator's process: takes jobs from its parent one by one, and ends with it. */
import { runFetchJob } from './fetch-job.ts';
import type { Job, JobOutcome } from './jobs.ts';
import { runJoinJob } from './join-job.ts';
import { runSendJob } from './send-job.ts';
import { runWakeUpJob } from './wake-up-job.ts';

process.on('message', (message) => {
  void answer(parseJob(message));
});
process.on('disconnect', () => process.exit());

async function answer(job: Job): Promise<void> {
  let outcome: JobOutcome<unknown>;
  try {
    outcome = { result: await run(job) };
  } catch (error) {
    outcome = { failure: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  process.send?.(outcome);
}

function run(job: Job): Promise<unknown> {
  switch (job.kind) {
    case 'send':
      return runSendJob(job);
    case 'wake-up':
      return runWakeUpJob(job);
    case 'fetch':
      return runFetchJob(job);
    case 'join':
      return runJoinJob(job);
  }
}

/** The parent is this program's own other half, so that its messages are jobs. */
function parseJob(message: unknown): Job {
  if (typeof message !== 'object' || message === null || !('kind' in message)) {
    throw new Error('a message that is no job');
  }
  return message as Job;
}
