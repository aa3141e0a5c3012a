import assert from 'node:assert/strict';
import { test } from 'node:test';

import { endpoint, mount } from './endpoint.ts';
import type { HttpMethod } from './endpoint.ts';
import { resourceOf, servedResources } from './resources.ts';
import { Router, routesOf } from './router.ts';

function sample(operationId: string, method: HttpMethod, ...paths: string[]) {
  return endpoint({
    operationId,
    summary: 'A sample',
    spec: 'Samples',
    method,
    paths,
    authentication: 'none',
    errcodes: [],
    handle: () => ({}),
  });
}

function routerOf(...endpoints: ReturnType<typeof sample>[]): Router {
  return new Router(routesOf(mount(endpoints, undefined), servedResources(['client']), {}));
}

test('two endpoints for one path are refused at the start', () => {
  assert.throws(
    () => routerOf(sample('a', 'GET', '/x/{one}/y'), sample('b', 'GET', '/x/{two}/y')),
    /belongs to both a and b/,
  );
  routerOf(sample('a', 'GET', '/x/{one}/y'), sample('b', 'PUT', '/x/{two}/y'));
});

test('a template that is not one of segments is refused at the start', () => {
  for (const path of ['x', '/x*', '/x/{a}.json', '/x/{a', '/x/:a?', '/x(y)']) {
    assert.throws(() => routerOf(sample('a', 'GET', path)), /path of an endpoint|whole segment/);
  }
});

test('a fixed segment wins over a parameter, and a colon is no parameter', () => {
  const router = routerOf(
    sample('parameter', 'GET', '/rooms/{id}'),
    sample('fixed', 'GET', '/rooms/all'),
    sample('colon', 'GET', '/rooms/all:them'),
  );
  const found = (target: string): string => router.find('GET', target).route.endpoint.operationId;
  assert.equal(found('/rooms/all'), 'fixed');
  assert.equal(found('/rooms/all:them'), 'colon');
  assert.equal(found('/rooms/all:other'), 'parameter');
  assert.equal(found('/rooms/a?x=/y'), 'parameter');
});

test('the resource of an endpoint is that of the longest prefix', () => {
  const resource = (path: string) => resourceOf(sample('a', 'GET', path));
  assert.equal(resource('/_matrix/client/v3/sync'), 'client');
  assert.equal(resource('/_matrix/client/v1/media/config'), 'media');
  assert.equal(resource('/_matrix/federation/v1/openid/userinfo'), 'openid');
  assert.equal(resource('/_matrix/federation/v2/send_join/{roomId}/{eventId}'), 'federation');
  assert.equal(resource('/_matrix/key/v2/server'), 'keys');
  assert.equal(resource('/_synapse/admin/v2/users'), 'client');
  assert.equal(resource('/_synapse/metrics'), 'metrics');
  assert.equal(resource('/health'), 'health');
});
