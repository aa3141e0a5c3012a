import { Type } from 'typebox';

import { parseSyncFilter } from '@soma/protocol';
import type { SyncFilter } from '@soma/protocol';

import { findFilter } from '../accounts/find-filter.ts';
import { invalidParam } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import { sync } from '../sync/sync.ts';
import { whileFollowing } from './presence.ts';
import { viewerOf } from './room-reading.ts';
import { clientEndpoint } from './services.ts';
import type { ClientServices } from './services.ts';

const syncEndpoint = clientEndpoint({
  operationId: 'sync',
  summary: 'Synchronise the client with what the server has',
  spec: 'Room participation',
  method: 'GET',
  paths: clientPaths('/sync'),
  authentication: 'required',
  guests: true,
  query: Type.Object({
    filter: Type.Optional(Type.String()),
    since: Type.Optional(Type.String()),
    full_state: Type.Boolean({ default: false }),
    set_presence: Type.Optional(Type.Enum(['offline', 'online', 'unavailable'])),
    timeout: Type.Integer({ default: 0, minimum: 0 }),
    use_state_after: Type.Boolean({ default: false }),
    'org.matrix.msc4222.use_state_after': Type.Boolean({ default: false }),
  }),
  errcodes: ['M_NOT_FOUND'],
  handle: async ({ query, requester, signal }, services) => {
    const filter = await filterOf(services, requester.userNid, query.filter);
    const useStateAfter = query.use_state_after
      ? 'state_after'
      : query['org.matrix.msc4222.use_state_after'] && 'org.matrix.msc4222.state_after';
    return whileFollowing(services, requester, query.set_presence, () =>
      sync(services.sync, {
        viewer: viewerOf(requester),
        filter,
        since: query.since,
        timeoutMs: query.timeout,
        fullState: query.full_state,
        useStateAfter,
        signal,
      }),
    );
  },
});

/** A filter is JSON when it begins with a brace, else the ID of one that was uploaded. */
async function filterOf(
  { accounts }: ClientServices,
  userNid: number,
  text: string | undefined,
): Promise<SyncFilter> {
  const json =
    text === undefined || text.startsWith('{') ? text : await findFilter(accounts, userNid, text);
  if (text !== undefined && json === undefined) throw invalidParam('There is no such filter');
  const parsed = parseSyncFilter(parseJson(json ?? '{}'));
  if (!parsed.ok) throw invalidParam(`filter: ${parsed.path} ${parsed.reason}`);
  return parsed.filter;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidParam('filter is not JSON');
  }
}

export const syncEndpoints = [syncEndpoint];
