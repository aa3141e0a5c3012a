import { checkDatabase } from '../rooms/check-database.ts';
import type { DatabaseCheck } from '../rooms/check-database.ts';
import type { CliCommand } from './cli-command.ts';
import { EXIT } from './exit-codes.ts';
import { addStoppedServer, openStoppedServer } from './stopped-server-options.ts';
import type { StoppedServerFlags } from './stopped-server-options.ts';

/** Between two lines about how far it is. */
const PROGRESS_MS = 1_000;

export const checkDatabaseCommand: CliCommand = {
  name: 'check-database',
  summary: 'Check that the database of a stopped server is sound; exits with 1 where it is not.',
  configure: (command) => void addStoppedServer(command).action(check),
};

async function check(flags: StoppedServerFlags): Promise<void> {
  const { database, close } = await openStoppedServer(flags);
  try {
    const found = await checkDatabase(database, progress());
    process.stdout.write(describeCheck(found));
    if (found.problems.length > 0) process.exitCode = EXIT.refused;
  } finally {
    await close();
  }
}

function progress(): (done: number, of: number) => void {
  let lastMs = performance.now();
  return (done, of) => {
    const nowMs = performance.now();
    if (nowMs - lastMs < PROGRESS_MS && done < of) return;
    lastMs = nowMs;
    process.stderr.write(`Checked ${done} of ${of} rooms\n`);
  };
}

function describeCheck({ events, rooms, snapshots, problems }: DatabaseCheck): string {
  const counts = `${events} events, ${rooms} rooms, ${snapshots} states of rooms`;
  if (problems.length === 0) return `The database is sound: ${counts}.\n`;
  const lines = problems.map((problem) => `  ${problem}\n`).join('');
  const number = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return `The database has ${number}, in ${counts}:\n${lines}`;
}
