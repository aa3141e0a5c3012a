import { Type } from 'typebox';

import { deactivateAccount } from '../accounts/deactivate-account.ts';
import { unbindUser } from '../accounts/three-pids/bindings.ts';
import { clientPaths } from '../http/endpoint.ts';
import { OptionalAuth } from './body-fields.ts';
import { reauthenticationFlows } from './reauthentication-flows.ts';
import { accountEndpoint } from './services.ts';

export const deactivateAccountEndpoint = accountEndpoint({
  operationId: 'deactivateAccount',
  summary: 'End the user’s account for good',
  spec: 'Account deactivation',
  method: 'POST',
  paths: clientPaths('/account/deactivate'),
  authentication: 'required',
  body: Type.Object({ erase: Type.Optional(Type.Boolean()), auth: OptionalAuth }),
  bodyOptional: true,
  errcodes: ['M_UNAUTHORIZED'],
  async handle(request, services) {
    const { accounts, threePids, interactiveAuth, departUser } = services;
    const { userNid } = request.requester;
    const flows = await reauthenticationFlows(services, userNid);
    const { body } = await interactiveAuth.authenticate(request, flows, { trustsServices: true });
    const isUnbound = await unbindUser(threePids, request.requester);
    await deactivateAccount(accounts, userNid, { erases: body['erase'] === true });
    await departUser(userNid);
    return { id_server_unbind_result: isUnbound ? 'success' : 'no-support' };
  },
});
