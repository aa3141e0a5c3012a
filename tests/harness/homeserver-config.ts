import { join } from 'node:path';

import type { DatabaseConfig } from './engines.ts';

export interface ConfigInput {
  /** Folder for the signing key, the media and the log. */
  readonly folder: string;
  readonly port: number;
  readonly database: DatabaseConfig;
  readonly registrationSharedSecret: string;
  /** Entries of `listeners` beside the one for clients. */
  readonly extraListeners?: readonly object[];
  /** Top-level options of homeserver.yaml that replace the ones below. */
  readonly overrides: Readonly<Record<string, unknown>>;
}

export const testServerName = 'soma.test';

const unlimited = { per_second: 100_000, burst_count: 100_000 };

/** The homeserver.yaml of a server under test, as a value; JSON text of it is valid YAML. */
export function homeserverConfig(input: ConfigInput): Record<string, unknown> {
  const { folder, port, database, registrationSharedSecret } = input;
  return {
    server_name: testServerName,
    public_baseurl: `http://127.0.0.1:${port}/`,
    listeners: [
      {
        port,
        bind_addresses: ['127.0.0.1'],
        type: 'http',
        tls: false,
        resources: [{ names: ['client', 'federation'] }],
      },
      ...(input.extraListeners ?? []),
    ],
    database,
    signing_key_path: join(folder, 'signing.key'),
    // No test reaches beyond this machine.
    trusted_key_servers: [],
    enable_registration: true,
    enable_registration_without_verification: true,
    registration_shared_secret: registrationSharedSecret,
    rc_message: unlimited,
    rc_registration: unlimited,
    rc_login: { address: unlimited, account: unlimited, failed_attempts: unlimited },
    rc_joins: { local: unlimited, remote: unlimited },
    rc_joins_per_room: unlimited,
    rc_invites: { per_room: unlimited, per_user: unlimited, per_issuer: unlimited },
    rc_room_creation: unlimited,
    rc_presence: { per_user: unlimited },
    rc_federation: { sleep_limit: 100_000, reject_limit: 100_000, concurrent: 100_000 },
    rc_reports: unlimited,
    rc_user_directory: unlimited,
    rc_delayed_event_mgmt: unlimited,
    ...input.overrides,
  };
}
