import { Type } from 'typebox';

import { JsonText } from '../http/response.ts';
import { serverEndpoint } from './services.ts';
import { slashed } from './slashed.ts';

export const sendTransaction = serverEndpoint({
  operationId: 'sendTransaction',
  summary: 'Take events and ephemeral messages of another server',
  spec: 'Transactions',
  method: 'PUT',
  paths: slashed('/_matrix/federation/v1/send/{txnId}'),
  authentication: 'server',
  // One that waits holds back all that its server sends; how many it may send at once is a limit of its own.
  serverRateLimit: false,
  // Its events are checked as they are written: see `parsePduText`.
  body: Type.Unknown(),
  bodyAs: 'bytes',
  errcodes: ['M_LIMIT_EXCEEDED'],
  handle: async ({ origin, params, body }, { transactions }) =>
    new JsonText(await transactions.receive(origin, params.txnId, body.toString('utf8'))),
});
