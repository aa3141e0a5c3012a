import type { ConnectionOptions } from 'node:tls';

import pg from 'pg';

import type { Query, SqlValue } from '../../sql.ts';
import { postgresText } from './postgres-text.ts';

/** An encrypted connection; certificates and keys as PEM text. */
export interface TlsOptions {
  readonly verifies: boolean;
  /** Whether the certificate must name the host; a known authority is then not enough. */
  readonly verifiesName: boolean;
  readonly rootCertificate?: string | undefined;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}

/** How to reach a PostgreSQL server; names as libpq has them. */
export interface PostgresOptions {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly database?: string | undefined;
  /** Undefined for a connection that is not encrypted. */
  readonly tls?: TlsOptions | undefined;
  readonly connectionsMin: number;
  readonly connectionsMax: number;
}

/** A statement that takes longer is ended by the server, so that a stuck one never holds the clock's row. */
const STATEMENT_TIMEOUT_MS = 60_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 10_000;

/** bigint columns hold positions and nids, all below 2^53. */
const INT8 = pg.types.builtins.INT8;
const types: pg.CustomTypesConfig = {
  getTypeParser: (type, format) =>
    type === INT8 && format !== 'binary' ? Number : pg.types.getTypeParser(type, format),
};

export function clientConfig(options: PostgresOptions): pg.ClientConfig {
  return {
    ...(options.host === undefined ? {} : { host: options.host }),
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.user === undefined ? {} : { user: options.user }),
    ...(options.password === undefined ? {} : { password: options.password }),
    ...(options.database === undefined ? {} : { database: options.database }),
    ...(options.tls === undefined ? {} : { ssl: tlsConfig(options.tls) }),
    application_name: 'soma',
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    types,
  };
}

function tlsConfig(tls: TlsOptions): ConnectionOptions {
  return {
    rejectUnauthorized: tls.verifies,
    ...(tls.verifiesName ? {} : { checkServerIdentity: () => undefined }),
    ...(tls.rootCertificate === undefined ? {} : { ca: tls.rootCertificate }),
    ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
  };
}

/** The form in which `pg` takes a query: prepared once per connection, under the query's number. */
export function preparedQuery(of: Query<unknown>, values: readonly SqlValue[]): pg.QueryConfig {
  return { name: `soma_${of.nid}`, text: postgresText(of), values: values.map(postgresValue) };
}

function postgresValue(value: SqlValue): unknown {
  return value instanceof Uint8Array ? Buffer.from(value) : value;
}
