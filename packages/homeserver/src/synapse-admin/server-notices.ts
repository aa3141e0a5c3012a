import { Type } from 'typebox';

import { RepeatedRequests } from '../client-server/repeated-requests.ts';
import { badRequest } from '../errors/matrix-error.ts';
import { JsonObject } from '../http/schemas.ts';
import { localAccount } from './local-user.ts';
import { adminEndpoint } from './services.ts';
import type { AdminServices } from './services.ts';

const path = '/_synapse/admin/v1/send_server_notice';
const body = Type.Object({
  user_id: Type.String(),
  content: JsonObject,
  type: Type.Optional(Type.String()),
  state_key: Type.Optional(Type.String()),
});
const shared = {
  spec: 'Synapse admin API: server notices',
  authentication: 'admin',
  body,
  errcodes: ['M_MISSING_PARAM'],
} as const;
const repeated = new RepeatedRequests();

const sendNotice = adminEndpoint({
  ...shared,
  operationId: 'adminSendServerNotice',
  summary: 'Write to a user in the name of the server',
  method: 'POST',
  paths: [path],
  handle: (request, services) => send(services, request.body),
});

const sendNoticeOnce = adminEndpoint({
  ...shared,
  operationId: 'adminSendServerNoticeOnce',
  summary: 'Write to a user in the name of the server, once however often it is asked for',
  method: 'PUT',
  paths: [`${path}/{txnId}`],
  handle: (request, services) =>
    repeated.answer(request.requester, request.path, () => send(services, request.body)),
});

async function send(
  { accounts, serverNotices }: AdminServices,
  {
    user_id: userId,
    content,
    type = 'm.room.message',
    state_key: stateKey,
  }: Type.Static<typeof body>,
): Promise<object> {
  if (serverNotices === undefined) throw badRequest('Server notices are not enabled');
  const account = await localAccount(accounts, userId);
  return { event_id: await serverNotices.send(account, { type, stateKey, content }) };
}

export const serverNoticeEndpoints = [sendNotice, sendNoticeOnce];
