import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { after, before, test } from 'node:test';

import { api, pathOf } from './api.ts';

let server: Server;
let url = '';

before(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { method, url: path, headers } = request;
      const seen = {
        method,
        path,
        body,
        type: headers['content-type'],
        token: headers.authorization,
      };
      response.setHeader('content-type', 'application/json');
      response.writeHead(418).end(JSON.stringify(seen));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address === 'object' && address !== null) url = `http://127.0.0.1:${address.port}`;
});

after(() => {
  server.close();
  server.closeAllConnections();
});

test('method, path, query, token and JSON body arrive as given, and any status is an answer', async () => {
  const path = pathOf`/rooms/${'!a/b:c'}/join`;
  const options = { token: 'secret', query: { ts: 5 }, body: { a: 1 } };
  const { status, body } = await api(url).request('POST', path, options);
  assert.equal(status, 418);
  assert.deepEqual(body, {
    method: 'POST',
    path: '/rooms/!a%2Fb%3Ac/join?ts=5',
    body: '{"a":1}',
    type: 'application/json',
    token: 'Bearer secret',
  });
});

test('a string body is sent as it is, and paths are not normalised', async () => {
  const { body } = await api(url).request('PUT', '/a/../b//c', { body: '{bad' });
  assert.deepEqual(body, {
    method: 'PUT',
    path: '/a/../b//c',
    body: '{bad',
    type: 'application/json',
  });
});
