import { isMedium } from '../accounts/three-pids/bindings.ts';
import { canonicalEmail } from '../accounts/three-pids/canonical-email.ts';
import { readOwnerOfAddress } from '../accounts/three-pids/three-pid-store.ts';
import { invalidParam, notFound } from '../errors/matrix-error.ts';
import { adminEndpoint } from './services.ts';

export const findUserByThreePid = adminEndpoint({
  operationId: 'adminFindUserByThreePid',
  summary: 'Find the user who has an address',
  spec: 'Synapse admin API: users',
  method: 'GET',
  paths: ['/_synapse/admin/v1/threepid/{medium}/users/{address}'],
  authentication: 'admin',
  errcodes: ['M_INVALID_PARAM', 'M_NOT_FOUND'],
  async handle({ params: { medium, address } }, { accounts }) {
    if (!isMedium(medium)) throw invalidParam('medium must be email or msisdn');
    const canonical = medium === 'email' ? canonicalEmail(address) : address;
    const { reader } = accounts.database;
    const userNid = await readOwnerOfAddress(reader, { medium, address: canonical });
    if (userNid === undefined) throw notFound('User not found');
    return { user_id: await accounts.names.users.text(userNid) };
  },
});
