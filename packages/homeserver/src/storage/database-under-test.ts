import { configFrom } from '../config/parse-config.ts';
import type { Database } from './database.ts';
import { openDatabase } from './open-database.ts';
import type { DatabaseOptions } from './open-database.ts';

const SERVER_NAME = 'example.org';

/** How the database of a test is opened; `databaseSection` as it would stand in `homeserver.yaml`. */
export function optionsUnderTest(databaseSection: object): DatabaseOptions {
  const { config } = configFrom({ server_name: SERVER_NAME, database: databaseSection });
  const { database: section } = config;
  if (section.engine === 'sqlite') return section;
  const { host, port, user, password, database } = section.connection;
  const connection = { host, port, user, password, database };
  return { engine: 'postgres', ...connection, connectionsMin: 0, connectionsMax: 2 };
}

/** A real database, for the tests of storage and of what lies above it. */
export function openDatabaseUnderTest(
  databaseSection: object,
  serverName = SERVER_NAME,
): Promise<Database> {
  return openDatabase(optionsUnderTest(databaseSection), serverName);
}
