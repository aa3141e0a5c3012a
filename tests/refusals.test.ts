import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { api, type RequestOptions, type Response } from './harness/api.ts';
import { registerAdmin, registerUser, type TestUser } from './harness/client.ts';
import { startHomeserver, type TestHomeserver } from './harness/homeserver-process.ts';
import { valueAt } from './harness/json-path.ts';
import { pathWith, servedEndpoints, type ServedEndpoint } from './harness/served-endpoints.ts';
import {
  missingFields,
  requiredOf,
  wrongFields,
  wrongParameters,
} from './refusals/schema-samples.ts';

let server: TestHomeserver;
let alice: TestUser;
let admin: TestUser;

before(async () => {
  server = await startHomeserver();
  alice = await registerUser(server, 'alice');
  admin = await registerAdmin(server, 'admin');
});
after(() => server.dispose());

async function refused(
  endpoint: ServedEndpoint,
  options: RequestOptions & { readonly method?: string; readonly path?: string },
  status: number,
  errcode: string,
): Promise<void> {
  const { method = endpoint.method, path = pathOf(endpoint) } = options;
  const query = { ...requiredQuery(endpoint), ...options.query };
  const answer = await api(server.url).request(method, path, { ...options, query });
  assertRefusal(answer, status, errcode);
}

function assertRefusal(answer: Response, status: number, errcode: string): void {
  const { body, headers } = answer;
  assert.deepEqual([answer.status, valueAt(body, 'errcode')], [status, errcode], text(body));
  assert.equal(typeof valueAt(body, 'error'), 'string', text(body));
  assert.equal(headers['content-type'], 'application/json');
  // Without it a client in a browser learns nothing of the error.
  assert.equal(headers['access-control-allow-origin'], '*');
}

function text(body: unknown): string {
  return JSON.stringify(body);
}

/** The values do not come to matter before the refusal. */
function pathOf({ paths: [path = ''] }: ServedEndpoint): string {
  return pathWith(path, (name) => name);
}

function requiredQuery({ query }: ServedEndpoint): Record<string, string> {
  return Object.fromEntries(requiredOf(query).map((name) => [name, 'text']));
}

function needsToken({ authentication }: ServedEndpoint): boolean {
  return authentication === 'required' || authentication === 'admin';
}

function readsJson({ body, bodyAs }: ServedEndpoint): boolean {
  return body !== undefined && (bodyAs ?? 'json') === 'json';
}

for (const endpoint of servedEndpoints) {
  const { operationId, authentication } = endpoint;
  describe(operationId, () => {
    const token = (): object => {
      if (authentication === 'none') return {};
      return { token: (authentication === 'admin' ? admin : alice).accessToken };
    };

    if (needsToken(endpoint)) {
      test('401 without a token', () => refused(endpoint, {}, 401, 'M_MISSING_TOKEN'));
    }

    if (authentication === 'server') {
      test('401 without a signature', () => refused(endpoint, {}, 401, 'M_UNAUTHORIZED'));
    } else if (authentication !== 'none') {
      test('401 with an unknown token', () =>
        refused(endpoint, { token: 'unknown' }, 401, 'M_UNKNOWN_TOKEN'));
    }

    test('405 with a method that none of its paths has', async () => {
      for (const path of endpoint.paths) {
        const filled = pathWith(path, (name) => name);
        await refused(endpoint, { method: 'PATCH', path: filled }, 405, 'M_UNRECOGNIZED');
      }
    });

    test('404 beyond its paths', async () => {
      for (const path of endpoint.paths) {
        const beyond = `${pathWith(path, (name) => name)}/and/much/further`;
        await refused(endpoint, { path: beyond }, 404, 'M_UNRECOGNIZED');
      }
    });

    // What is beyond a server's signature is not reached here.
    const isReached = authentication !== 'server';
    if (readsJson(endpoint) && isReached) {
      test('400 for a body that is not JSON', async () => {
        for (const body of [
          '{',
          '{"a":1',
          "{'a':1}",
          '\u00ff{}',
          Buffer.from([0x22, 0xff, 0x22]),
        ]) {
          await refused(endpoint, { ...token(), body }, 400, 'M_NOT_JSON');
        }
        if (endpoint.bodyOptional === true) return;
        await refused(endpoint, { ...token(), body: '' }, 400, 'M_NOT_JSON');
      });

      test('400 for a body that is no object', async () => {
        for (const body of ['[]', '"text"', '1', 'true', 'null']) {
          await refused(endpoint, { ...token(), body }, 400, 'M_BAD_JSON');
        }
      });

      for (const { name, body } of wrongFields(endpoint.body)) {
        test(`400 for ${name} of the wrong type`, () =>
          refused(endpoint, { ...token(), body }, 400, 'M_BAD_JSON'));
      }

      for (const { name, body } of missingFields(endpoint.body)) {
        test(`400 without ${name}`, () =>
          refused(endpoint, { ...token(), body }, 400, 'M_MISSING_PARAM'));
      }
    }

    for (const { name, value } of isReached ? wrongParameters(endpoint.query) : []) {
      test(`400 for the query parameter ${name} with a wrong value`, () =>
        refused(endpoint, { ...token(), query: { [name]: value } }, 400, 'M_INVALID_PARAM'));
    }

    for (const name of isReached ? requiredOf(endpoint.query) : []) {
      test(`400 without the query parameter ${name}`, async () => {
        const answer = await api(server.url).request(endpoint.method, pathOf(endpoint), token());
        assertRefusal(answer, 400, 'M_MISSING_PARAM');
      });
    }

    test('a preflight is answered', async () => {
      const { status, headers } = await api(server.url).request('OPTIONS', pathOf(endpoint));
      assert.ok(status === 200 || status === 204);
      assert.match(String(headers['access-control-allow-methods']), new RegExp(endpoint.method));
      assert.match(String(headers['access-control-allow-headers']), /Authorization/);
    });
  });
}

test('an unknown path is a 404 with any method', async () => {
  for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH']) {
    for (const path of [
      '/nonsense',
      '/_matrix',
      '/_matrix/client/v3/nonsense',
      '/_matrix/client/v99/sync',
    ]) {
      assertRefusal(await alice.request(method, path), 404, 'M_UNRECOGNIZED');
    }
  }
});

test('a path that is not valid percent-encoding is a 400', async () => {
  const path = '/_matrix/client/v3/profile/%zz';
  assertRefusal(await alice.request('GET', path), 400, 'M_INVALID_PARAM');
});
