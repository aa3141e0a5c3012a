import { allDeviceListsChangedStatement, readUsersWithKeys } from '../e2ee/device-list-store.ts';
import { countOneTimeKeys, distrustKeysStatements } from '../e2ee/one-time-key-store.ts';
import { ChangeKind } from '../storage/change.ts';
import { write } from '../storage/database.ts';
import type { Database } from '../storage/database.ts';
import { newIncarnationStatement } from '../storage/new-incarnation.ts';
import type { CliCommand } from './cli-command.ts';
import { addStoppedServer, openStoppedServer } from './stopped-server-options.ts';
import type { StoppedServerFlags } from './stopped-server-options.ts';

/**
 * More positions than the database can have taken between the backup and its end, so that no number of a token, an
 * event or a device list is ever given out twice. Positions stay below 2^53 for as many restores as nobody makes.
 */
const POSITIONS_SKIPPED = 10_000_000_000;

export const afterRestoreCommand: CliCommand = {
  name: 'after-restore',
  summary: 'Prepare the restored database of a stopped server, before the server starts on it.',
  configure: (command) => void addStoppedServer(command).action(afterRestore),
};

async function afterRestore(flags: StoppedServerFlags): Promise<void> {
  const { database, close } = await openStoppedServer(flags);
  try {
    const { keys, users } = await startAnew(database);
    process.stdout.write(
      'The database is ready for the server to start on it.\n' +
        `Dropped ${keys} one-time keys; ${users} users with devices for encryption are looked at anew.\n`,
    );
  } finally {
    await close();
  }
}

async function startAnew(database: Database): Promise<{ keys: number; users: number }> {
  const keys = await countOneTimeKeys(database.reader);
  await write(database, {
    statements: [newIncarnationStatement(), ...distrustKeysStatements()],
    positions: POSITIONS_SKIPPED,
  });
  const users = await readUsersWithKeys(database.reader);
  // A change of its own, since its position must be a new one.
  await write(database, {
    statements: [allDeviceListsChangedStatement()],
    positions: 1,
    touches: users.map((subject) => ({ kind: ChangeKind.deviceList, subject })),
  });
  return { keys, users: users.length };
}
