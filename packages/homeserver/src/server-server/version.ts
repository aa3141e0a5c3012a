import { serverEndpoint } from './services.ts';

export const getVersion = serverEndpoint({
  operationId: 'getVersion',
  summary: 'The name and version of this server',
  spec: 'Server discovery',
  method: 'GET',
  paths: ['/_matrix/federation/v1/version'],
  authentication: 'none',
  errcodes: [],
  handle: (_request, { serverVersion }) => ({ server: { name: 'Soma', version: serverVersion } }),
});
