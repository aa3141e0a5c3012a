import { Type } from 'typebox';

import { readSpaceForServer } from '../directory/read-space-for-server.ts';
import { notFound } from '../errors/matrix-error.ts';
import { serverEndpoint } from './services.ts';

export const getSpaceHierarchy = serverEndpoint({
  operationId: 'getFederatedSpaceHierarchy',
  summary: 'Show a space and its children',
  spec: 'Spaces',
  method: 'GET',
  paths: ['/_matrix/federation/v1/hierarchy/{roomId}'],
  authentication: 'server',
  query: Type.Object({ suggested_only: Type.Boolean({ default: false }) }),
  errcodes: ['M_NOT_FOUND'],
  async handle({ origin, params, query }, { directory }) {
    const { rooms } = directory;
    const found = await readSpaceForServer(rooms, origin, params.roomId, query.suggested_only);
    if (found === undefined) throw notFound('There is no such room, or you may not see it');
    return found;
  },
});
