import { accountAdminEndpoint } from './services.ts';

export const getServerVersion = accountAdminEndpoint({
  operationId: 'getServerVersion',
  summary: 'The versions of the server and of what runs it',
  spec: 'Synapse admin API: version',
  method: 'GET',
  paths: ['/_synapse/admin/v1/server_version'],
  authentication: 'none',
  errcodes: [],
  handle: (_request, { serverVersion }) => ({
    server_version: serverVersion,
    // Tools that were written for Synapse expect the key.
    python_version: `Node.js ${process.versions.node}`,
  }),
});
