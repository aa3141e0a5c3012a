import { Option } from 'commander';

import { checkDatabase } from '../rooms/check-database.ts';
import type { DatabaseCheck } from '../rooms/check-database.ts';
import type { CliCommand } from './cli-command.ts';
import { addConfigPath, configPaths } from './config-path-option.ts';
import type { ConfigPathFlags } from './config-path-option.ts';
import { EXIT } from './exit-codes.ts';
import { openStoppedDatabase } from './open-stopped-database.ts';
import { DEFAULT_DATA_DIRECTORY } from './start-flags.ts';

interface Flags extends ConfigPathFlags {
  readonly dataDirectory: string;
}

/** Between two lines about how far it is. */
const PROGRESS_MS = 1_000;

export const checkDatabaseCommand: CliCommand = {
  name: 'check-database',
  summary: 'Check that the database of a stopped server is sound; exits with 1 where it is not.',
  configure: (command) =>
    void addConfigPath(command, 'the config of the server; may be repeated')
      .addOption(
        new Option(
          '--data-directory <folder>',
          'where the server keeps everything without a config',
        )
          .default(DEFAULT_DATA_DIRECTORY)
          .conflicts(['config', 'configPath']),
      )
      .action(check),
};

async function check(flags: Flags): Promise<void> {
  const { database, close } = await openStoppedDatabase(configPaths(flags), flags.dataDirectory);
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
