import assert from 'node:assert/strict';
import { test } from 'node:test';

import { configFrom } from './parse-config.ts';

function warningsOf(mapping: Readonly<Record<string, unknown>>): readonly string[] {
  return configFrom({ server_name: 'example.org', ...mapping }).warnings;
}

test('options of Synapse without effect are named in one line', () => {
  const warnings = warningsOf({
    opentracing: { enabled: false },
    caches: { sync_response_cache_duration: '2m', global_factor: 1 },
    federation_metrics_domains: ['example.org'],
    database: { args: { check_same_thread: false } },
  });
  assert.deepEqual(warnings, [
    'Options without effect in Soma: opentracing, federation_metrics_domains, ' +
      'database.args.check_same_thread, ' +
      'caches.sync_response_cache_duration.',
  ]);
});

test('unknown options are named in one line, with the name that was probably meant', () => {
  const warnings = warningsOf({
    enable_registation: true,
    max_uplod_size: '1M',
    zzz: 1,
    caches: { global_facter: 1 },
    listeners: [{ port: 0, type: 'http', bind_adresses: ['::1'] }],
  });
  assert.deepEqual(warnings, [
    'Unknown options: enable_registation (did you mean enable_registration?), ' +
      'max_uplod_size (did you mean max_upload_size?), zzz, ' +
      'listeners[0].bind_adresses (did you mean bind_addresses?), ' +
      'caches.global_facter (did you mean global_factor?).',
  ]);
});

test('options that make no difference are not mentioned', () => {
  assert.deepEqual(
    warningsOf({
      report_stats: true,
      form_secret: 'x',
      trusted_key_servers: [],
      gc_thresholds: [],
    }),
    [],
  );
});

test('what belongs to Python in a listener is named and left out', () => {
  const { config, warnings } = configFrom({
    server_name: 'example.org',
    listeners: [
      { port: 0, type: 'http', additional_resources: { '/x': { module: 'm' } } },
      { port: 9000, type: 'manhole' },
    ],
  });
  assert.equal(config.listeners.length, 1);
  assert.match(warnings[0] ?? '', /^listeners\[0\]: additional_resources are Python modules/);
  assert.match(warnings[1] ?? '', /^listeners\[1\]: a manhole is a Python shell/);
});

test('registration stays closed where registrations_require_3pid asks for what nobody would check', () => {
  const { config, warnings } = configFrom({
    server_name: 'example.org',
    enable_registration: true,
    enable_registration_without_verification: true,
    registrations_require_3pid: ['msisdn'],
  });
  assert.equal(config.registration.enabled, false);
  assert.match(
    warnings[0] ?? '',
    /^Registration stays closed: .* registrations_require_3pid asks for\.$/,
  );
});

test('a registration that needs a mail address needs a way to send mail', () => {
  const base = {
    server_name: 'example.org',
    enable_registration: true,
    registrations_require_3pid: ['email'],
  };
  assert.throws(() => configFrom(base), /registrations_require_3pid/);
  const { config } = configFrom({ ...base, email: { notif_from: 'soma@example.org' } });
  assert.equal(config.registration.enabled, true);
  assert.equal(config.registration.requiresEmail, true);
});

test('disable_registration closes what enable_registration opens', () => {
  const { config } = configFrom({
    server_name: 'example.org',
    enable_registration: true,
    disable_registration: true,
  });
  assert.equal(config.registration.enabled, false);
});
