import { ChangeKind } from '../../storage/change.ts';
import { write } from '../../storage/database.ts';
import { deleteThreePidStatement, putThreePidStatement } from './three-pid-store.ts';
import type { Address } from './three-pid-store.ts';
import { addressInUse, checkAllowed } from './three-pids.ts';
import type { ThreePids } from './three-pids.ts';
import type { ProvenAddress } from './use-proof.ts';

/** Gives a user an address. Throws `400 M_THREEPID_IN_USE` and `403 M_THREEPID_DENIED`. */
export async function addThreePid(
  { accounts, config }: ThreePids,
  userNid: number,
  { medium, address, validatedTs }: ProvenAddress,
): Promise<void> {
  checkAllowed(config, { medium, address });
  const threePid = { medium, address, validatedTs, addedTs: accounts.now() };
  const { rows } = await write(accounts.database, {
    statements: [putThreePidStatement(userNid, threePid)],
    returning: [0],
    positions: 1,
    touches: [{ kind: ChangeKind.account, subject: userNid }],
  });
  if (rows[0]?.length !== 1) throw addressInUse();
}

/** Takes an address from a user, with all that goes to it. */
export async function deleteThreePid(
  { accounts, forgetAddress }: ThreePids,
  userNid: number,
  address: Address,
): Promise<void> {
  await write(accounts.database, {
    statements: [deleteThreePidStatement(userNid, address), ...forgetAddress(userNid, address)],
    positions: 1,
    touches: [{ kind: ChangeKind.account, subject: userNid }],
  });
}
