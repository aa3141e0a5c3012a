export interface StarterOptions {
  readonly serverName: string;
  readonly sharedSecret: string;
  /** `local`: open, for this machine alone. `server`: closed, behind a reverse proxy. */
  readonly purpose: 'local' | 'server';
}

/** The text of a small config to begin with: what has to be decided, and why. */
export function renderStarterConfig(options: StarterOptions): string {
  const { serverName, sharedSecret, purpose } = options;
  return `# The configuration of this Soma. Every option, with its default, is in
# docs/reference/sample-homeserver.yaml; option names are those of Synapse.
# A relative path counts from the folder of this file.

# What stands after the colon in user ids. It cannot be changed once there are accounts.
server_name: ${JSON.stringify(serverName)}

${purpose === 'local' ? LOCAL_LISTENER : SERVER_LISTENER}
database:
  name: sqlite3
  args:
    database: homeserver.db

# What the server signs events with. Keep a copy of this file.
signing_key_path: ${JSON.stringify(`${serverName}.signing.key`)}

${purpose === 'local' ? LOCAL_REGISTRATION : SERVER_REGISTRATION}
# Who knows this secret can make accounts, also administrators:
#   npm run soma -- register-user --admin
registration_shared_secret: ${JSON.stringify(sharedSecret)}
`;
}

const LOCAL_LISTENER = `# Only programs on this machine reach these two addresses.
listeners:
  - port: 8008
    type: http
    bind_addresses: ['127.0.0.1', '::1']
    resources:
      - names: [client, federation]
`;

const SERVER_LISTENER = `# The address that clients use; it is what /.well-known/matrix/client answers.
#public_baseurl: https://matrix.example.org/

# For a reverse proxy on this machine, which speaks TLS to the world.
listeners:
  - port: 8008
    type: http
    x_forwarded: true
    bind_addresses: ['127.0.0.1', '::1']
    resources:
      - names: [client, federation]
`;

const LOCAL_REGISTRATION = `# Anybody who reaches the server may make an account. That is harmless as long as the listener
# above is bound to this machine alone. To close it, remove both lines: do so before you bind the
# listener to another address or put a proxy in front of it.
enable_registration: true
enable_registration_without_verification: true
`;

const SERVER_REGISTRATION = `# Accounts are made with the secret below, not by whoever comes along.
enable_registration: false
`;
