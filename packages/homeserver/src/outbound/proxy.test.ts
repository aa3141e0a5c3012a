import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { after, test } from 'node:test';

import { OutboundClient } from './outbound-client.ts';
import { OutboundError } from './outbound-error.ts';
import { proxyFor } from './proxy.ts';
import { serve } from './server-under-test.ts';

const settings = {
  httpProxy: 'http://plain.proxy',
  httpsProxy: 'http://tls.proxy',
  noProxyHosts: ['example.org', '.dotted.test', '10.0.0.1', '::1', 'port.test:8448', ''],
};

test('the scheme chooses the proxy, and excepted hosts have none', () => {
  const chosen = (url: string): string | undefined => proxyFor(new URL(url), settings);
  assert.equal(chosen('http://other.test/'), 'http://plain.proxy');
  assert.equal(chosen('https://other.test/'), 'http://tls.proxy');
  assert.equal(chosen('https://notexample.org/'), 'http://tls.proxy');
  assert.equal(chosen('https://port.test/'), 'http://tls.proxy');
  for (const url of [
    'https://example.org/',
    'https://sub.EXAMPLE.org:8448/',
    'https://dotted.test/',
    'https://a.dotted.test/',
    'http://10.0.0.1/',
    'https://[::1]/',
    'https://port.test:8448/',
  ]) {
    assert.equal(chosen(url), undefined, url);
  }
  const none = { ...settings, noProxyHosts: ['*'] };
  assert.equal(proxyFor(new URL('https://other.test/'), none), undefined);
});

test('requests go through the proxy, which looks names up; forbidden addresses do not', async () => {
  const port = await serve((_request, response) => response.end('through'), '127.0.0.2');
  const asked: string[] = [];
  const proxy = createServer((_request, response) => response.writeHead(501).end());
  proxy.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url}`);
    const onward = connect(port, '127.0.0.2', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  proxy.on('request', (request) => asked.push(`${request.method} ${request.url}`));
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  after(() => {
    proxy.close();
    proxy.closeAllConnections();
  });
  const address = proxy.address();
  const proxyPort = typeof address === 'object' && address !== null ? address.port : 0;
  const httpProxy = `http://127.0.0.1:${proxyPort}`;
  const client = new OutboundClient({
    addresses: { blacklist: ['10.0.0.0/8', '127.0.0.0/8'], whitelist: [] },
    userAgent: 'Soma/test',
    proxy: { httpProxy, httpsProxy: httpProxy, noProxyHosts: [] },
  });
  const answer = await client.request({ url: 'http://unknown.test/path?q=1' });
  await answer.body.bytes();
  assert.equal(asked.length, 1);
  assert.match(asked[0] ?? '', /unknown\.test/);
  await assert.rejects(client.request({ url: 'http://10.0.0.1/' }), OutboundError);
  assert.equal(asked.length, 1);
  await client.close();
});
