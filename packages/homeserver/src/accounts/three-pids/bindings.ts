import { MatrixError } from '../../errors/matrix-error.ts';
import { write } from '../../storage/database.ts';
import { deleteBindingStatement, putBindingStatement, readBindings } from './three-pid-store.ts';
import type { Address, Binding, Medium } from './three-pid-store.ts';
import type { ThreePids } from './three-pids.ts';

/** CS API, `POST /account/3pid/bind`: the proof is one that the identity server has. */
export interface BindRequest {
  readonly idServer: string;
  readonly accessToken: string;
  readonly sessionId: string;
  readonly clientSecret: string;
}

/** How a user is named to an identity server. */
export interface BoundUser {
  readonly userNid: number;
  readonly userId: string;
}

/** Tells an identity server that an address is a user's, and remembers it. Throws what it refuses. */
export async function bindAddress(
  { accounts, identityServers }: ThreePids,
  { userNid, userId }: BoundUser,
  { idServer, accessToken, sessionId, clientSecret }: BindRequest,
): Promise<void> {
  const bound = await identityServers.request({
    idServer,
    method: 'POST',
    path: '/3pid/bind',
    body: { sid: sessionId, client_secret: clientSecret, mxid: userId },
    accessToken,
  });
  const { medium, address } = bound;
  if (!isMedium(medium) || typeof address !== 'string') {
    throw new MatrixError(502, 'M_UNKNOWN', 'The identity server did not say what it bound');
  }
  const statements = [putBindingStatement(userNid, { medium, address, idServer })];
  await write(accounts.database, { statements, positions: 0 });
}

/**
 * Has identity servers forget an address of a user: the one named, or all that were told of it. False where one of
 * them does not do so, or none is known. Throws `502` where one cannot be asked.
 */
export async function unbindAddress(
  threePids: ThreePids,
  user: BoundUser,
  address: Address,
  idServer: string | undefined,
): Promise<boolean> {
  const known = await readBindings(threePids.accounts.database.reader, user.userNid);
  const bindings =
    idServer === undefined
      ? known.filter((one) => one.medium === address.medium && one.address === address.address)
      : [{ ...address, idServer }];
  return bindings.length > 0 && unbindAll(threePids, user, bindings);
}

/** All that identity servers were told of a user. True where nothing is left, which nobody was told of either. */
export async function unbindUser(threePids: ThreePids, user: BoundUser): Promise<boolean> {
  const bindings = await readBindings(threePids.accounts.database.reader, user.userNid);
  try {
    return await unbindAll(threePids, user, bindings);
  } catch (error) {
    // An account ends also where an identity server cannot be asked.
    if (error instanceof MatrixError) return false;
    throw error;
  }
}

async function unbindAll(
  threePids: ThreePids,
  user: BoundUser,
  bindings: readonly Binding[],
): Promise<boolean> {
  const { accounts, identityServers } = threePids;
  let isDone = true;
  for (const binding of bindings) {
    const { medium, address, idServer } = binding;
    try {
      await identityServers.request({
        idServer,
        method: 'POST',
        path: '/3pid/unbind',
        body: { mxid: user.userId, threepid: { medium, address } },
      });
    } catch (error) {
      // As Synapse: by these an identity server says that it knows no unbinding.
      const isUnsupported = error instanceof MatrixError && [400, 404, 501].includes(error.status);
      if (!isUnsupported) throw error;
      isDone = false;
    }
    const statements = [deleteBindingStatement(user.userNid, binding)];
    await write(accounts.database, { statements, positions: 0 });
  }
  return isDone;
}

export function isMedium(text: unknown): text is Medium {
  return text === 'email' || text === 'msisdn';
}
