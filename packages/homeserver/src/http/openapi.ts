import type { TObject, TSchema } from 'typebox';

import type { EndpointDescription } from './endpoint.ts';

export interface OpenApiInfo {
  readonly title: string;
  readonly version: string;
}

type Json = Record<string, unknown>;

/** An OpenAPI 3.1 document of the endpoints: TypeBox schemas are JSON Schema as they are. */
export function openApiDocument(
  endpoints: readonly EndpointDescription[],
  info: OpenApiInfo,
): object {
  const paths: Record<string, Json> = {};
  for (const endpoint of endpoints) {
    endpoint.paths.forEach((path, index) => {
      const item = (paths[path] ??= {});
      item[endpoint.method.toLowerCase()] = operation(endpoint, path, index);
    });
  }
  const sorted = Object.entries(paths).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    openapi: '3.1.0',
    info,
    paths: Object.fromEntries(sorted),
    components: {
      securitySchemes: {
        accessToken: { type: 'http', scheme: 'bearer' },
        signedRequest: { type: 'apiKey', name: 'Authorization', in: 'header' },
      },
      schemas: { Error: standardError },
    },
  };
}

const standardError = {
  type: 'object',
  description: 'The standard error response of Matrix',
  required: ['errcode', 'error'],
  properties: { errcode: { type: 'string' }, error: { type: 'string' } },
};

function operation(endpoint: EndpointDescription, path: string, index: number): Json {
  const { operationId, summary, spec, deprecated } = endpoint;
  const requestBody = bodyOf(endpoint);
  return {
    // Ids are unique in a document; the endpoint's further paths get a number.
    operationId: index === 0 ? operationId : `${operationId}_${index + 1}`,
    summary,
    tags: [spec],
    ...(deprecated === true ? { deprecated } : {}),
    security: securityOf(endpoint),
    parameters: [...pathParameters(endpoint.params, path), ...queryParameters(endpoint.query)],
    ...(requestBody === undefined ? {} : { requestBody }),
    responses: responsesOf(endpoint),
    ...(endpoint.rateLimit === undefined ? {} : { 'x-rate-limit': endpoint.rateLimit }),
  };
}

function securityOf({ authentication }: EndpointDescription): Json[] {
  if (authentication === 'none') return [];
  if (authentication === 'server') return [{ signedRequest: [] }];
  return authentication === 'optional' ? [{}, { accessToken: [] }] : [{ accessToken: [] }];
}

function pathParameters(schema: TObject | undefined, path: string): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: schema?.properties[name] ?? { type: 'string' },
  }));
}

function queryParameters(schema: TObject | undefined): Json[] {
  if (schema === undefined) return [];
  const required: readonly string[] = schema.required ?? [];
  return Object.entries(schema.properties).map(([name, each]) => ({
    name,
    in: 'query',
    required: required.includes(name) && !('default' in each),
    schema: each,
  }));
}

function bodyOf(endpoint: EndpointDescription): Json | undefined {
  const { body, bodyAs, bodyOptional } = endpoint;
  if (bodyAs === 'bytes' || bodyAs === 'stream') {
    return { required: true, content: { '*/*': {} } };
  }
  if (body === undefined) return undefined;
  return { required: bodyOptional !== true, content: jsonContent(body) };
}

function responsesOf({ responses, errcodes }: EndpointDescription): Json {
  const documented = Object.entries(responses ?? {}).map(([status, schema]) => [
    status,
    {
      description: status === '200' ? 'Success' : `Status ${status}`,
      content: jsonContent(schema),
    },
  ]);
  const success = responses === undefined ? [['200', { description: 'Success' }]] : [];
  const own = errcodes.length > 0 ? `: ${errcodes.join(', ')}` : '';
  return {
    ...Object.fromEntries([...success, ...documented]),
    default: {
      description: `A refusal, by one of the common errcodes or an own one${own}`,
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
    },
  };
}

function jsonContent(schema: TSchema): Json {
  return { 'application/json': { schema } };
}
