import { write } from '../../storage/database.ts';
import type { Address } from './three-pid-store.ts';
import type { ThreePids } from './three-pids.ts';
import { deleteSessionStatements, readValidationSession } from './validation-session-store.ts';
import type { Purpose } from './validation-session-store.ts';

/** How a client names a session of its own (CS API, `ThreepidCredentials`). */
export interface ProofCredentials {
  readonly sessionId: string;
  readonly clientSecret: string;
}

export interface ProvenAddress extends Address {
  readonly validatedTs: number;
}

/** What interactive authentication has kept of a proof. */
export function provenAddressIn(value: unknown): ProvenAddress | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { medium, address, validatedTs }: Partial<Record<keyof ProvenAddress, unknown>> = value;
  if (medium !== 'email' || typeof address !== 'string' || typeof validatedTs !== 'number') {
    return undefined;
  }
  return { medium, address, validatedTs };
}

/** The address that was proven in a session, which ends. Undefined unless it was, for one of these purposes. */
export async function useProof(
  { accounts: { database } }: Pick<ThreePids, 'accounts'>,
  { sessionId, clientSecret }: ProofCredentials,
  purposes: readonly Purpose[],
): Promise<ProvenAddress | undefined> {
  const session = await readValidationSession(database.reader, sessionId);
  if (session === undefined || session.clientSecret !== clientSecret) return undefined;
  const { medium, address, validatedTs, purpose } = session;
  if (validatedTs === undefined || !purposes.includes(purpose)) return undefined;
  const { rows } = await write(database, {
    statements: deleteSessionStatements(session.sessionId),
    returning: [0],
    positions: 0,
  });
  return rows[0]?.length === 1 ? { medium, address, validatedTs } : undefined;
}
