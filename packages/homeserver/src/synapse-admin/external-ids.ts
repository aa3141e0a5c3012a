import { notFound } from '../errors/matrix-error.ts';
import { readOwnerOfExternalId } from '../sso/external-id-store.ts';
import { adminEndpoint } from './services.ts';

export const findUserByExternalId = adminEndpoint({
  operationId: 'adminFindUserByExternalId',
  summary: 'Find the user whom an identity provider knows by an ID',
  spec: 'Synapse admin API: users',
  method: 'GET',
  paths: ['/_synapse/admin/v1/auth_providers/{provider}/users/{externalId}'],
  authentication: 'admin',
  errcodes: ['M_NOT_FOUND'],
  async handle({ params: { provider, externalId } }, { accounts }) {
    const id = { authProvider: provider, externalId };
    const userNid = await readOwnerOfExternalId(accounts.database.reader, id);
    if (userNid === undefined) throw notFound('User not found');
    return { user_id: await accounts.names.users.text(userNid) };
  },
});
