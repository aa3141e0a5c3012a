import type { Config, DatabaseConfig } from '../config/config.ts';
import { configFrom } from '../config/parse-config.ts';
import { generateSigningKeyLine } from '../config/signing-key.ts';
import type { Database } from '../storage/database.ts';
import { internedNames } from '../storage/names-store.ts';
import { openDatabase } from '../storage/open-database.ts';
import type { DatabaseOptions } from '../storage/open-database.ts';
import { createLogger } from '../telemetry/logger.ts';
import { openAccounts } from './accounts.ts';
import type { Accounts } from './accounts.ts';

/** Accounts on a real database, for the tests of this folder and of the edges. */
export interface AccountsUnderTest {
  readonly accounts: Accounts;
  readonly config: Config;
  readonly database: Database;
  /** Moves only where a test moves it. */
  readonly clock: { nowMs: number };
  close(): Promise<void>;
}

/** `databaseSection` and `options` as they would stand in `homeserver.yaml`. */
export async function openAccountsUnderTest(
  databaseSection: object,
  options: Readonly<Record<string, unknown>> = {},
): Promise<AccountsUnderTest> {
  const { config } = configFrom({
    server_name: 'example.org',
    signing_key: generateSigningKeyLine(),
    ...options,
    database: databaseSection,
  });
  const database = await openDatabase(databaseOptions(config.database), config.server.serverName);
  const clock = { nowMs: 1_700_000_000_000 };
  const accounts = openAccounts({
    database,
    names: internedNames(database, 1),
    config,
    logger: createLogger({ level: 'silent' }).logger,
    now: () => clock.nowMs,
    deviceFollower: { removed: () => [], renamed: () => [], ended: () => [] },
    isReserved: () => false,
  });
  const close = async (): Promise<void> => {
    await accounts.close();
    await database.close();
  };
  return { accounts, config, database, clock, close };
}

function databaseOptions(config: DatabaseConfig): DatabaseOptions {
  if (config.engine === 'sqlite') return { engine: 'sqlite', path: config.path };
  const { host, port, user, password, database } = config.connection;
  const connection = { host, port, user, password, database };
  return { engine: 'postgres', ...connection, connectionsMin: 1, connectionsMax: 4 };
}
