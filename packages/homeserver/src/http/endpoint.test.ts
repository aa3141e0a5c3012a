import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Type } from 'typebox';

import { clientPaths, endpointFor, mount, v1Paths } from './endpoint.ts';

interface Services {
  readonly greeting: string;
}

const serviceEndpoint = endpointFor<Services>();

test('an endpoint types its handler from paths, schemas and authentication', () => {
  const value = serviceEndpoint({
    operationId: 'sample',
    summary: 'A sample',
    spec: 'Samples',
    method: 'PUT',
    paths: clientPaths('/rooms/{roomId}/send/{eventType}/{txnId}'),
    authentication: 'required',
    query: Type.Object({ ts: Type.Optional(Type.Integer()) }),
    body: Type.Object({ body: Type.String() }),
    errcodes: ['M_GUEST_ACCESS_FORBIDDEN'],
    handle({ params, query, body, requester }, services) {
      const typed: [string, number | undefined, string, number, string] = [
        params.roomId,
        query.ts,
        body.body,
        requester.userNid,
        services.greeting,
      ];
      // @ts-expect-error: no such parameter in the path
      void params.userId;
      return { typed };
    },
  });
  assert.equal(value.operationId, 'sample');
  assert.equal(mount([value], { greeting: 'hello' }).length, 1);
});

test('a parameter that only some of the paths have is optional', () => {
  const value = serviceEndpoint({
    operationId: 'state',
    summary: 'State',
    spec: 'Samples',
    method: 'GET',
    paths: [...clientPaths('/state/{type}'), ...clientPaths('/state/{type}/{stateKey}')],
    authentication: 'none',
    errcodes: [],
    handle({ params, requester }) {
      const stateKey: string = params.stateKey ?? '';
      const nobody: undefined = requester;
      return { type: params.type, stateKey, nobody };
    },
  });
  assert.equal(value.paths.length, 6);
});

test('clientPaths gives the releases that Synapse answers', () => {
  assert.deepEqual(clientPaths('/sync'), [
    '/_matrix/client/v3/sync',
    '/_matrix/client/r0/sync',
    '/_matrix/client/unstable/sync',
  ]);
  assert.deepEqual(clientPaths('/login', { apiV1: true, unstable: false }), [
    '/_matrix/client/v3/login',
    '/_matrix/client/r0/login',
    '/_matrix/client/api/v1/login',
  ]);
  assert.deepEqual(v1Paths('/media/config'), ['/_matrix/client/v1/media/config']);
});
