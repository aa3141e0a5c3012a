import { readFileSync } from 'node:fs';

import type { DatabaseConfig, PostgresConfig } from '../config/config.ts';
import type { TlsOptions } from './dialect/postgres/postgres-connection.ts';
import type { DatabaseOptions } from './open-database.ts';

/** What the configuration says of the database, as storage takes it. */
export function databaseOptions(config: DatabaseConfig): DatabaseOptions {
  if (config.engine === 'sqlite') return config;
  const { connection, connectionsMin, connectionsMax } = config;
  const { host, port, user, password, database } = connection;
  return {
    engine: 'postgres',
    host,
    port,
    user,
    password,
    database,
    tls: tlsOf(connection),
    connectionsMin,
    connectionsMax,
  };
}

/** libpq's `sslmode`: up to `require` the traffic is encrypted and the server is not verified. */
function tlsOf(connection: PostgresConfig['connection']): TlsOptions | undefined {
  const { sslMode, sslRootCertificatePath, sslCertificatePath, sslKeyPath } = connection;
  const isWanted = sslMode === 'require' || sslMode === 'verify-ca' || sslMode === 'verify-full';
  if (!isWanted) return undefined;
  const read = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : readFileSync(path, 'utf8');
  return {
    verifies: sslMode !== 'require',
    verifiesName: sslMode === 'verify-full',
    rootCertificate: read(sslRootCertificatePath),
    certificate: read(sslCertificatePath),
    key: read(sslKeyPath),
  };
}
