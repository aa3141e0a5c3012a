import { Type } from 'typebox';

import { bindAddress, unbindAddress } from '../accounts/three-pids/bindings.ts';
import { canonicalEmail } from '../accounts/three-pids/canonical-email.ts';
import { addThreePid, deleteThreePid } from '../accounts/three-pids/change-three-pids.ts';
import { CLIENT_SECRET } from '../accounts/three-pids/limits.ts';
import { readThreePids } from '../accounts/three-pids/three-pid-store.ts';
import type { Address, ThreePid } from '../accounts/three-pids/three-pid-store.ts';
import { checkChangesEnabled } from '../accounts/three-pids/three-pids.ts';
import { useProof } from '../accounts/three-pids/use-proof.ts';
import { MatrixError, invalidParam, missingParam } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import { OptionalAuth, OptionalText, requiredTextIn } from './body-fields.ts';
import { reauthenticationFlows } from './reauthentication-flows.ts';
import { accountEndpoint } from './services.ts';
import type { AccountServices } from './services.ts';

const shared = { spec: 'Account management', authentication: 'required' } as const;
const path = '/account/3pid';

const Medium = Type.Enum(['email', 'msisdn']);
const AddressBody = Type.Object({
  medium: Medium,
  address: Type.String(),
  id_server: OptionalText,
});
const Credentials = Type.Object({ client_secret: Type.String(), sid: Type.String() });

const getAccount3PIDs = accountEndpoint({
  ...shared,
  operationId: 'getAccount3PIDs',
  summary: 'List the addresses of the account',
  method: 'GET',
  paths: clientPaths(path),
  errcodes: [],
  async handle({ requester }, { accounts }) {
    const threePids = await readThreePids(accounts.database.reader, requester.userNid);
    return { threepids: threePids.map(toClientThreePid) };
  },
});

const post3PIDs = accountEndpoint({
  ...shared,
  operationId: 'post3PIDs',
  summary: 'Add an address to the account',
  method: 'POST',
  deprecated: true,
  paths: clientPaths(path),
  body: Type.Object({
    three_pid_creds: Type.Optional(Credentials),
    // The spelling of the drafts, which some clients still send.
    threePidCreds: Type.Optional(Credentials),
  }),
  errcodes: ['M_THREEPID_AUTH_FAILED', 'M_THREEPID_IN_USE', 'M_THREEPID_DENIED', 'M_MISSING_PARAM'],
  async handle({ body, requester }, services) {
    checkChangesEnabled(services.threePids.config);
    const credentials = body.three_pid_creds ?? body.threePidCreds;
    if (credentials === undefined) throw missingParam('Missing required field: three_pid_creds');
    await addProven(services, requester.userNid, credentials, 403);
    return {};
  },
});

const add3PID = accountEndpoint({
  ...shared,
  operationId: 'add3PID',
  summary: 'Add an address to the account, with the password',
  method: 'POST',
  paths: clientPaths(`${path}/add`),
  body: Type.Object({
    client_secret: Type.Optional(Type.String()),
    sid: Type.Optional(Type.String()),
    auth: OptionalAuth,
  }),
  errcodes: [
    'M_UNAUTHORIZED',
    'M_THREEPID_AUTH_FAILED',
    'M_THREEPID_IN_USE',
    'M_THREEPID_DENIED',
    'M_MISSING_PARAM',
  ],
  async handle(request, services) {
    checkChangesEnabled(services.threePids.config);
    const flows = await reauthenticationFlows(services, request.requester.userNid);
    const { body } = await services.interactiveAuth.authenticate(request, flows);
    const credentials = {
      client_secret: requiredTextIn(body, 'client_secret'),
      sid: requiredTextIn(body, 'sid'),
    };
    await addProven(services, request.requester.userNid, credentials, 400);
    return {};
  },
});

const bind3PID = accountEndpoint({
  ...shared,
  operationId: 'bind3PID',
  summary: 'Have an identity server know an address as the user’s',
  method: 'POST',
  paths: clientPaths(`${path}/bind`),
  body: Type.Object({
    client_secret: Type.String(),
    id_server: Type.String(),
    id_access_token: Type.String(),
    sid: Type.String(),
  }),
  errcodes: ['M_INVALID_PARAM'],
  async handle({ body, requester }, { threePids }) {
    checkClientSecret(body.client_secret);
    await bindAddress(threePids, requester, {
      idServer: body.id_server,
      accessToken: body.id_access_token,
      sessionId: body.sid,
      clientSecret: body.client_secret,
    });
    return {};
  },
});

const unbind3pidFromAccount = accountEndpoint({
  ...shared,
  operationId: 'unbind3pidFromAccount',
  summary: 'Have identity servers forget an address of the user',
  method: 'POST',
  paths: clientPaths(`${path}/unbind`),
  body: AddressBody,
  errcodes: ['M_INVALID_PARAM'],
  async handle({ body, requester }, { threePids }) {
    const idServer = body.id_server ?? undefined;
    return unbound(await unbindAddress(threePids, requester, addressIn(body), idServer));
  },
});

const delete3pidFromAccount = accountEndpoint({
  ...shared,
  operationId: 'delete3pidFromAccount',
  summary: 'Take an address from the account',
  method: 'POST',
  paths: clientPaths(`${path}/delete`),
  body: AddressBody,
  errcodes: ['M_INVALID_PARAM'],
  async handle({ body, requester }, { threePids }) {
    checkChangesEnabled(threePids.config);
    const address = addressIn(body);
    const idServer = body.id_server ?? undefined;
    const isUnbound = await unbindAddress(threePids, requester, address, idServer);
    await deleteThreePid(threePids, requester.userNid, address);
    return unbound(isUnbound);
  },
});

/** Throws `M_THREEPID_AUTH_FAILED` where nothing was proven: 403 by the specification, and 400 where it names none. */
async function addProven(
  { threePids }: AccountServices,
  userNid: number,
  { sid: sessionId, client_secret: clientSecret }: Type.Static<typeof Credentials>,
  refusalStatus: 400 | 403,
): Promise<void> {
  checkClientSecret(clientSecret);
  const proven = await useProof(threePids, { sessionId, clientSecret }, ['add']);
  if (proven === undefined) {
    throw new MatrixError(
      refusalStatus,
      'M_THREEPID_AUTH_FAILED',
      'The address has not been proven',
    );
  }
  await addThreePid(threePids, userNid, proven);
}

function checkClientSecret(clientSecret: string): void {
  if (!CLIENT_SECRET.test(clientSecret)) throw invalidParam('client_secret is not valid');
}

function addressIn({ medium, address }: Pick<Address, 'medium' | 'address'>): Address {
  return { medium, address: medium === 'email' ? canonicalEmail(address) : address };
}

function unbound(isUnbound: boolean): object {
  return { id_server_unbind_result: isUnbound ? 'success' : 'no-support' };
}

export function toClientThreePid({ medium, address, validatedTs, addedTs }: ThreePid): object {
  return { medium, address, validated_at: validatedTs, added_at: addedTs };
}

export const threePidEndpoints = [
  getAccount3PIDs,
  post3PIDs,
  add3PID,
  bind3PID,
  unbind3pidFromAccount,
  delete3pidFromAccount,
];
