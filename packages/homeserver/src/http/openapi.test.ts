import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Type } from 'typebox';

import { clientPaths, endpoint } from './endpoint.ts';
import { openApiDocument } from './openapi.ts';

const relations = endpoint({
  operationId: 'getRelations',
  summary: 'Events that relate to another',
  spec: 'Event relationships',
  method: 'POST',
  paths: clientPaths('/rooms/{roomId}/relations', { unstable: false }),
  authentication: 'required',
  rateLimit: 'rc_message',
  query: Type.Object({ limit: Type.Integer({ default: 10 }), dir: Type.String() }),
  body: Type.Object({ type: Type.String() }),
  responses: { 200: Type.Object({ chunk: Type.Array(Type.Unknown()) }) },
  errcodes: ['M_INVALID_PARAM'],
  handle: () => ({ chunk: [] }),
});

test('an endpoint becomes operations of a document', () => {
  const document = openApiDocument([relations], { title: 'Soma', version: '1' });
  // What has no JSON form would be lost on the way to a client.
  assert.deepEqual(JSON.parse(JSON.stringify(document)), document);
  const operationOf = (operationId: string): object => ({
    operationId,
    summary: 'Events that relate to another',
    tags: ['Event relationships'],
    security: [{ accessToken: [] }],
    parameters: [
      { name: 'roomId', in: 'path', required: true, schema: { type: 'string' } },
      { name: 'limit', in: 'query', required: false, schema: { type: 'integer', default: 10 } },
      { name: 'dir', in: 'query', required: true, schema: { type: 'string' } },
    ],
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: { type: 'object', required: ['type'], properties: { type: { type: 'string' } } },
        },
      },
    },
    responses: {
      200: {
        description: 'Success',
        content: {
          'application/json': {
            schema: {
              type: 'object',
              required: ['chunk'],
              properties: { chunk: { type: 'array', items: {} } },
            },
          },
        },
      },
      default: {
        description: 'A refusal, by one of the common errcodes or an own one: M_INVALID_PARAM',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
    'x-rate-limit': 'rc_message',
  });
  assert.partialDeepStrictEqual(document, {
    openapi: '3.1.0',
    paths: {
      '/_matrix/client/r0/rooms/{roomId}/relations': { post: operationOf('getRelations_2') },
      '/_matrix/client/v3/rooms/{roomId}/relations': { post: operationOf('getRelations') },
    },
  });
});
