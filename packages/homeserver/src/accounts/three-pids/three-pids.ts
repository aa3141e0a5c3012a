import type { ThreePidsConfig } from '../../config/config.ts';
import { MatrixError, forbidden } from '../../errors/matrix-error.ts';
import type { Mailer } from '../../mail/mailer.ts';
import type { Statement } from '../../storage/sql.ts';
import type { Accounts } from '../accounts.ts';
import type { IdentityServers } from './identity-servers.ts';
import type { Address } from './three-pid-store.ts';

/** What the domain of addresses works with; one per process, made at composition. */
export interface ThreePids {
  readonly accounts: Accounts;
  readonly config: ThreePidsConfig;
  /** Undefined where no mail is sent: addresses can then not be proven. */
  readonly mailer: Mailer | undefined;
  /** With a slash at its end. */
  readonly baseUrl: string;
  readonly identityServers: IdentityServers;
  /** What else ends with an address of a user, in the same change. */
  forgetAddress(userNid: number, address: Address): readonly Statement[];
}

/** Throws `403 M_THREEPID_DENIED` for an address that the operator wants no account to have. */
export function checkAllowed({ allowedLocal }: ThreePidsConfig, address: Address): void {
  if (allowedLocal === undefined) return;
  const isAllowed = allowedLocal.some(
    ({ medium, pattern }) => medium === address.medium && pattern.test(address.address),
  );
  if (!isAllowed) {
    throw new MatrixError(403, 'M_THREEPID_DENIED', 'This address is not allowed on this server');
  }
}

/** Throws `403 M_FORBIDDEN` where users may not change their addresses. */
export function checkChangesEnabled({ enableChanges }: ThreePidsConfig): void {
  if (!enableChanges) throw forbidden('Addresses cannot be changed on this server');
}

export function addressInUse(): MatrixError {
  return new MatrixError(400, 'M_THREEPID_IN_USE', 'The address is already in use');
}
