import assert from 'node:assert/strict';
import { test } from 'node:test';

import { configFrom } from './parse-config.ts';
import { ConfigError } from './schema/problem.ts';

const base = {
  server_name: 'example.org',
  signing_key: 'ed25519 a_test YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1',
};

function problemOf(options: Readonly<Record<string, unknown>>): string {
  try {
    configFrom({ ...base, ...options });
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'none';
}

test('the defaults are those of Synapse', () => {
  const { config } = configFrom(base);
  assert.equal(config.federation.clientTimeoutMs, 60_000);
  assert.equal(config.federation.destinationRetryIntervalMsMin, 600_000);
  assert.equal(config.federation.destinationRetryIntervalMsMax, 604_800_000);
  assert.equal(config.federation.domainWhitelist, undefined);
  assert.equal(config.federation.clientMinimumTlsVersion, 'TLSv1');
  assert.equal(config.outbound.ipRangeBlacklist.length, 19);
  assert.deepEqual(
    config.trustedKeyServers.map(({ serverName }) => serverName),
    ['matrix.org'],
  );
  assert.equal(config.signingKeys.refreshIntervalMs, 86_400_000);
  assert.equal(config.signingKeys.notary, config.signingKeys.current);
});

test('what an operator writes is read', () => {
  const { config } = configFrom({
    ...base,
    federation_client_minimum_tls_version: 1.2,
    ip_range_whitelist: ['10.1.2.3', 'fd00::/8', '192.168.0.0/24'],
    https_proxy: 'proxy.example.org:3128',
    no_proxy_hosts: ['example.net'],
    federation_domain_whitelist: [],
    trusted_key_servers: [
      {
        server_name: 'keys.example.org',
        verify_keys: { 'ed25519:auto': 'abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq' },
      },
    ],
    key_server_signing_keys: 'ed25519 notary YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA0',
    federation: { client_timeout: '180s', max_short_retries: 1 },
  });
  assert.equal(config.federation.clientMinimumTlsVersion, 'TLSv1.2');
  assert.equal(config.federation.clientTimeoutMs, 180_000);
  assert.equal(config.federation.shortRetries, 1);
  assert.deepEqual(config.federation.domainWhitelist, []);
  assert.equal(config.outbound.proxy.httpsProxy, 'http://proxy.example.org:3128');
  assert.deepEqual(config.outbound.proxy.noProxyHosts, ['example.net']);
  assert.equal(config.signingKeys.notary.keyId, 'ed25519:notary');
  assert.equal(config.trustedKeyServers[0]?.acceptKeysInsecurely, false);
});

test('a wrong value is told with its place', () => {
  for (const [options, wanted] of [
    [{ ip_range_blacklist: ['10.0.0.0/33'] }, /ip_range_blacklist\[0\].*IP address or a range/s],
    [{ ip_range_blacklist: ['example.org'] }, /ip_range_blacklist\[0\]/],
    [{ ip_range_whitelist: ['::1/129'] }, /ip_range_whitelist\[0\]/],
    [{ federation_ip_range_blacklist: ['10.0.0.0/8/8'] }, /federation_ip_range_blacklist\[0\]/],
    [{ federation_client_minimum_tls_version: 1.4 }, /1, 1\.1, 1\.2 or 1\.3/],
    [{ federation_custom_ca_list: [] }, /federation_custom_ca_list.*an empty list/s],
    [{ https_proxy: 'ftp://proxy' }, /https_proxy/],
    [{ trusted_key_servers: [{}] }, /trusted_key_servers\[0\]\.server_name/],
    [{ federation: { client_timeout: 'long' } }, /federation\.client_timeout/],
  ] as const) {
    assert.match(problemOf(options), wanted);
  }
});

test('asking matrix.org for keys is pointed out where it is written, unless that is not wanted', () => {
  const trusted = { trusted_key_servers: [{ server_name: 'matrix.org' }] };
  assert.match(configFrom({ ...base, ...trusted }).warnings.join(), /matrix\.org is asked/);
  const suppressed = { ...base, ...trusted, suppress_key_server_warning: true };
  assert.deepEqual(configFrom(suppressed).warnings, []);
  assert.deepEqual(configFrom(base).warnings, []);
});
