import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { TestAuthority } from './test-certificates.ts';

/** What makes a Soma speak TLS with the other servers of a test. */
export interface FederationSettings {
  /** An entry of `listeners`. */
  readonly listener: object;
  /** Top-level options of homeserver.yaml. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Writes certificates to `folder`, and gives the settings that use them: for any number of servers on loopback. */
export function federationSettings(
  authority: TestAuthority,
  folder: string,
): (serverName: string, port: number) => FederationSettings {
  const authorityPath = join(folder, 'authority.pem');
  writeFileSync(authorityPath, authority.certificate);
  const { certificate, key } = authority.issue('127.0.0.1', 'localhost');
  const certificatePath = join(folder, 'certificate.pem');
  const keyPath = join(folder, 'key.pem');
  writeFileSync(certificatePath, certificate);
  writeFileSync(keyPath, key);
  return (serverName, port) => ({
    listener: {
      port,
      bind_addresses: ['127.0.0.1'],
      type: 'http',
      tls: true,
      resources: [{ names: ['federation'] }],
    },
    options: {
      server_name: serverName,
      tls_certificate_path: certificatePath,
      tls_private_key_path: keyPath,
      federation_custom_ca_list: [authorityPath],
      ip_range_whitelist: ['127.0.0.1'],
      // Whatever the environment says.
      no_proxy_hosts: ['*'],
    },
  });
}
