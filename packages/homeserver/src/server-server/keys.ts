import { Type } from 'typebox';

import { parseServerName } from '@soma/protocol';
import type { JsonObject as Json } from '@soma/protocol';

import { invalidParam } from '../errors/matrix-error.ts';
import type { Notary } from '../federation-client/keys/notary.ts';
import { serverEndpoint } from './services.ts';

const spec = 'Retrieving server keys';

/** Servers that are asked at once in one query. */
const askedAtOnce = 10;
/** Servers of one query about which more is answered than what is known already. */
const serversMax = 500;

export const getServerKey = serverEndpoint({
  operationId: 'getServerKey',
  summary: "This server's keys",
  spec,
  method: 'GET',
  // Servers of old ask for one key, and get all.
  paths: ['/_matrix/key/v2/server', '/_matrix/key/v2/server/{keyId}'],
  authentication: 'none',
  errcodes: [],
  handle: (_request, { ownKeys }) => ownKeys.publish(),
});

export const perspectivesKeyQuery = serverEndpoint({
  operationId: 'perspectivesKeyQuery',
  summary: "Another server's keys, with this server's signature",
  spec,
  method: 'GET',
  paths: ['/_matrix/key/v2/query/{serverName}', '/_matrix/key/v2/query/{serverName}/{keyId}'],
  authentication: 'none',
  query: Type.Object({ minimum_valid_until_ts: Type.Optional(Type.Integer({ minimum: 0 })) }),
  errcodes: ['M_INVALID_PARAM'],
  async handle({ params, query }, { notary }) {
    const { serverName, keyId } = params;
    const validUntilTs = query.minimum_valid_until_ts ?? Date.now();
    const criteria = new Map(keyId === undefined ? [] : [[keyId, validUntilTs]]);
    return { server_keys: await notary.query(named(serverName), { criteria, validUntilTs }) };
  },
});

const Criteria = Type.Object({
  minimum_valid_until_ts: Type.Optional(Type.Integer({ minimum: 0 })),
});

export const bulkPerspectivesKeyQuery = serverEndpoint({
  operationId: 'bulkPerspectivesKeyQuery',
  summary: "Several servers' keys, with this server's signature",
  spec,
  method: 'POST',
  paths: ['/_matrix/key/v2/query'],
  authentication: 'none',
  body: Type.Object({
    server_keys: Type.Record(Type.String(), Type.Record(Type.String(), Criteria)),
  }),
  errcodes: ['M_INVALID_PARAM'],
  async handle({ body }, { notary }) {
    const entries = Object.entries(body.server_keys);
    if (entries.length > serversMax) throw invalidParam(`More than ${serversMax} servers`);
    const nowMs = Date.now();
    const queries = entries.map(([serverName, keys]) => ({
      serverName: named(serverName),
      validUntilTs: nowMs,
      criteria: new Map(
        Object.entries(keys).map(([keyId, { minimum_valid_until_ts: minimum }]) => [
          keyId,
          minimum ?? nowMs,
        ]),
      ),
    }));
    return { server_keys: await queryAll(notary, queries) };
  },
});

type Query = Parameters<Notary['query']>[1] & { readonly serverName: string };

async function queryAll(notary: Notary, queries: readonly Query[]): Promise<Json[]> {
  const answers: Json[] = [];
  for (let index = 0; index < queries.length; index += askedAtOnce) {
    const some = queries.slice(index, index + askedAtOnce);
    const found = await Promise.all(some.map((each) => notary.query(each.serverName, each)));
    answers.push(...found.flat());
  }
  return answers;
}

function named(text: string): string {
  const serverName = parseServerName(text);
  if (serverName === undefined) throw invalidParam('That is not a server name');
  return serverName;
}
