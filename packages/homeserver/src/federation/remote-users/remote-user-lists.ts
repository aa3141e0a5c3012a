import type { FederationClient } from '../../federation-client/federation-client.ts';
import type { Database } from '../../storage/database.ts';
import type { InternedNames } from '../../storage/names-store.ts';

/** What the domain of other servers' users works with; one per process, made at composition. */
export interface RemoteUserLists {
  readonly database: Database;
  readonly names: InternedNames;
  readonly client: Pick<FederationClient, 'requestJson'>;
  /** Milliseconds since the Unix epoch. */
  now(): number;
}
