import { registerBySharedSecret, sharedSecretOf } from '../accounts/shared-secret-registration.ts';
import { sessionWanted, toClientRegistration } from '../client-server/register-once.ts';
import { JsonObject } from '../http/schemas.ts';
import { accountAdminEndpoint } from './services.ts';

const spec = 'Synapse admin API: shared-secret registration';
const paths = ['/_synapse/admin/v1/register'] as const;

export const getRegistrationNonce = accountAdminEndpoint({
  operationId: 'getRegistrationNonce',
  summary: 'Begin a registration by shared secret',
  spec,
  method: 'GET',
  paths,
  authentication: 'none',
  errcodes: [],
  handle(_request, { accounts }) {
    sharedSecretOf(accounts);
    return { nonce: accounts.nonces.issue() };
  },
});

export const registerWithSharedSecret = accountAdminEndpoint({
  operationId: 'registerWithSharedSecret',
  summary: 'Make an account by proof of the shared secret',
  spec,
  method: 'POST',
  paths,
  authentication: 'none',
  body: JsonObject,
  errcodes: ['M_INVALID_USERNAME', 'M_USER_IN_USE'],
  async handle({ body }, { accounts, joinFirstRooms }) {
    const registered = await registerBySharedSecret(accounts, body, sessionWanted(body));
    await joinFirstRooms({ userId: registered.userId, isGuest: false });
    return toClientRegistration(registered, accounts.serverName);
  },
});
