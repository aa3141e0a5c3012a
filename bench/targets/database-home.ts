import type { DatabaseConfig } from '../../tests/harness/engines.ts';

/** Where the databases of one engine live, and how a prepared one is copied for a round. */
export interface DatabaseHome {
  readonly engine: 'sqlite' | 'postgres';
  /** A database of its own for a server in `folder`; a copy of `template` when one is given. */
  create(folder: string, template?: HomedDatabase): Promise<HomedDatabase>;
  close(): Promise<void>;
}

export interface HomedDatabase {
  readonly config: DatabaseConfig;
  bytes(): Promise<number>;
  drop(): Promise<void>;
}
