import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { StartRefusal } from '../config/start-refusal.ts';
import { FederationTls } from './federation-tls.ts';

const folder = mkdtempSync(join(tmpdir(), 'soma-tls-'));
after(() => rmSync(folder, { recursive: true }));
const options = {
  customCaFiles: undefined,
  clientMinimumTlsVersion: 'TLSv1.2',
  verifyCertificates: true,
  certificateVerificationWhitelist: ['*.Example.test'],
} as const;

test('certificates are checked but for the excepted hosts, and an address has no SNI', () => {
  const tls = new FederationTls(options);
  const shown = (host: string, isAddress: boolean) => {
    const { rejectUnauthorized, servername } = tls.settingsFor(host, isAddress);
    return [rejectUnauthorized, servername];
  };
  assert.deepEqual(shown('a.example.TEST', false), [false, 'a.example.TEST']);
  assert.deepEqual(shown('example.test', false), [true, 'example.test']);
  assert.deepEqual(shown('1.2.3.4', true), [true, undefined]);
});

test('a file of authorities that holds none stops the start, with its path', () => {
  const path = join(folder, 'none.pem');
  const open = (): FederationTls => new FederationTls({ ...options, customCaFiles: [path] });
  assert.throws(open, StartRefusal);
  writeFileSync(path, 'nothing');
  assert.throws(open, (error) => error instanceof StartRefusal && error.message.includes(path));
});
