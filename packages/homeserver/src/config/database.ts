import { convert, object } from './schema/compounds.ts';
import { option } from './schema/option.ts';
import { flag, integer, oneOf, path, secret, text } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { Read, Site } from './schema/site.ts';
import type { ValueType } from './schema/value-type.ts';

/** The embedded database: one file, and the folder around it belongs to one process. */
export interface SqliteConfig {
  readonly engine: 'sqlite';
  /** An absolute path, or `:memory:`. */
  readonly path: string;
}

export interface PostgresConfig {
  readonly engine: 'postgres';
  /** What is not given is left to libpq's own defaults (`PGHOST`, `PGUSER` …). */
  readonly connection: PostgresConnection;
  readonly connectionsMin: number;
  readonly connectionsMax: number;
}

export interface PostgresConnection {
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly database: string | undefined;
  readonly sslMode: (typeof SSL_MODES)[number] | undefined;
  readonly sslRootCertificatePath: string | undefined;
  readonly sslCertificatePath: string | undefined;
  readonly sslKeyPath: string | undefined;
}

export type DatabaseConfig = SqliteConfig | PostgresConfig;

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
const DEFAULT_SQLITE_FILE = 'homeserver.db';
const MEMORY = ':memory:';

/** libpq takes the port as a number and as digits. */
const postgresPort: ValueType<number> = {
  ...integer(1, 65_535, 'a port number'),
  read(value, site) {
    const digits = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
    return integer(1, 65_535, 'a port number').read(digits, site);
  },
};

const argsFields = object({
  database: option({
    name: 'database',
    valueType: text('a file for sqlite3, the name of a database for psycopg2'),
    description: 'sqlite3: the file of the database. PostgreSQL: its name.',
    example: 'homeserver.db',
  }),
  dbname: option({
    name: 'dbname',
    valueType: text('the name of a database'),
    description: 'PostgreSQL: another spelling of `database`.',
  }),
  host: option({
    name: 'host',
    valueType: text('a host name, or the folder of a socket'),
    description: 'PostgreSQL: the host, or the folder of its unix socket.',
    example: 'localhost',
  }),
  port: option({
    name: 'port',
    valueType: postgresPort,
    description: 'PostgreSQL: the port.',
    example: 5432,
  }),
  user: option({
    name: 'user',
    valueType: text('the name of a database user'),
    description: 'PostgreSQL: the user.',
    example: 'soma',
  }),
  password: option({
    name: 'password',
    valueType: secret,
    description: 'PostgreSQL: the password of the user.',
  }),
  sslmode: option({
    name: 'sslmode',
    valueType: oneOf(SSL_MODES),
    description: 'PostgreSQL: whether the connection is encrypted, and the server checked.',
    example: 'verify-full',
  }),
  sslrootcert: option({
    name: 'sslrootcert',
    valueType: path,
    description: 'PostgreSQL: certificates of the authorities to trust, in PEM.',
  }),
  sslcert: option({
    name: 'sslcert',
    valueType: path,
    description: 'PostgreSQL: the certificate to present, in PEM.',
  }),
  sslkey: option({
    name: 'sslkey',
    valueType: path,
    description: 'PostgreSQL: the key of that certificate, in PEM.',
  }),
  connectionsMin: option({
    name: 'cp_min',
    valueType: integer(0, 1000, 'a number of connections'),
    default: 5,
    description: 'PostgreSQL: connections to keep open.',
  }),
  connectionsMax: option({
    name: 'cp_max',
    valueType: integer(1, 1000, 'a number of connections'),
    default: 10,
    description: 'PostgreSQL: connections to open at most.',
  }),
});

type ArgsFields = typeof argsFields extends ValueType<infer T> ? T : never;

const databaseFields = object({
  name: option({
    name: 'name',
    valueType: oneOf(['sqlite3', 'psycopg2', 'postgres']),
    default: 'sqlite3',
    description: 'The engine: `sqlite3`, or `psycopg2` (also `postgres`) for PostgreSQL.',
    differs: '`postgres` is accepted as another spelling of `psycopg2`.',
  }),
  args: option({
    name: 'args',
    valueType: convert(argsFields, checkPool),
    default: {},
    description: 'How to reach the database.',
    example: { database: 'homeserver.db' },
  }),
  transactionsMax: option({
    name: 'txn_limit',
    valueType: integer(0),
    default: 0,
    description: 'Accepted, without effect: Soma does not replace connections that work.',
    differs: 'It has no effect.',
  }),
  allowUnsafeLocale: option({
    name: 'allow_unsafe_locale',
    valueType: flag,
    default: false,
    description: 'Accepted, without effect.',
    differs: 'It has no effect.',
  }),
});

type DatabaseFields = typeof databaseFields extends ValueType<infer T> ? T : never;

export const databaseSection = section(
  'Database',
  {
    database: option({
      name: 'database',
      valueType: convert(databaseFields, finishDatabase),
      default: {},
      description: 'The database: SQLite in a file, or PostgreSQL.',
      example: {
        name: 'psycopg2',
        args: { user: 'soma', password: 'secret', database: 'soma', host: 'localhost' },
      },
      differs: `When no file is given for sqlite3, it is \`${DEFAULT_SQLITE_FILE}\`.`,
    }),
  },
  (values): DatabaseConfig => values.database,
);

function finishDatabase(fields: DatabaseFields, site: Site): DatabaseConfig {
  const { args } = fields;
  if (fields.name === 'sqlite3') {
    const file = args.database ?? DEFAULT_SQLITE_FILE;
    return { engine: 'sqlite', path: file === MEMORY ? file : site.reporter.resolvePath(file) };
  }
  return {
    engine: 'postgres',
    connection: postgresConnection(args),
    connectionsMin: args.connectionsMin,
    connectionsMax: args.connectionsMax,
  };
}

function postgresConnection(args: ArgsFields): PostgresConnection {
  const { host, port, user, password } = args;
  return {
    host,
    port,
    user,
    password,
    database: args.database ?? args.dbname,
    sslMode: args.sslmode,
    sslRootCertificatePath: args.sslrootcert,
    sslCertificatePath: args.sslcert,
    sslKeyPath: args.sslkey,
  };
}

function checkPool(args: ArgsFields, site: Site): Read<ArgsFields> {
  if (args.dbname !== undefined && args.database !== undefined) {
    return site.child('dbname').refuse('only one of database and dbname', 'both');
  }
  return args.connectionsMin <= args.connectionsMax
    ? args
    : site
        .child('cp_min')
        .refuse(`at most cp_max (${args.connectionsMax})`, String(args.connectionsMin));
}
