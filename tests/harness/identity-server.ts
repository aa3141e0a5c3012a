import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { textAt } from './json-path.ts';
import { createTestAuthority } from './test-certificates.ts';

/** A request that came in, with what it was asked with. */
export interface IdentityRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

/** An identity server that the test plays, over TLS, since clients name no other. */
export interface IdentityServer {
  /** What clients send as `id_server`. */
  readonly name: string;
  readonly requests: IdentityRequest[];
  /** Known addresses: `<address> <medium>` → user ID. */
  readonly known: Map<string, string>;
  /** By path: the status that it refuses with. */
  readonly refusals: Map<string, number>;
  readonly publicKey: string;
  /** Keys that it no longer stands by. */
  readonly revoked: Set<string>;
  close(): Promise<void>;
}

export const IDENTITY_TOKEN = 'identity-token';

const PEPPER = 'pepper';

let invitations = 0;

/** Starts it, and has each server that is started from now on trust its certificate. */
export async function startIdentityServer(): Promise<IdentityServer> {
  const authority = createTestAuthority();
  const { certificate, key } = authority.issue('127.0.0.1');
  const folder = mkdtempSync(join(tmpdir(), 'soma-identity-'));
  const authorityPath = join(folder, 'authority.pem');
  writeFileSync(authorityPath, authority.certificate);
  process.env['NODE_EXTRA_CA_CERTS'] = authorityPath;
  const requests: IdentityRequest[] = [];
  const known = new Map<string, string>();
  const refusals = new Map<string, number>();
  const revoked = new Set<string>();
  const { publicKey: pair } = generateKeyPairSync('ed25519');
  const publicKey = pair
    .export({ format: 'der', type: 'spki' })
    .subarray(-32)
    .toString('base64')
    .replace(/=+$/, '');
  const server = createServer({ cert: certificate, key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const path = (request.url ?? '').replace('/_matrix/identity/v2', '');
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      requests.push({ path, headers: request.headers, body });
      const refusal = refusals.get(path);
      const answer =
        refusal === undefined
          ? path.startsWith('/pubkey/isvalid?')
            ? { valid: !revoked.has(new URLSearchParams(path.slice(16)).get('public_key') ?? '') }
            : answerTo(path, body, known, publicKey)
          : { errcode: 'M_SESSION_NOT_VALIDATED', error: 'not today' };
      response.writeHead(refusal ?? 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    name: `127.0.0.1:${port}`,
    requests,
    known,
    refusals,
    revoked,
    publicKey,
    close: async () => {
      rmSync(folder, { recursive: true, force: true });
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

function answerTo(
  path: string,
  body: unknown,
  known: ReadonlyMap<string, string>,
  publicKey: string,
): object {
  switch (path) {
    case '/hash_details':
      return { algorithms: ['none', 'sha256'], lookup_pepper: PEPPER };
    case '/lookup':
      return { mappings: hashed(known) };
    case '/store-invite':
      invitations += 1;
      return {
        token: `token-${invitations}`,
        display_name: `${textAt(body, 'address').slice(0, 1)}...`,
        public_keys: [
          { public_key: publicKey, key_validity_url: 'https://identity.example/isvalid' },
        ],
      };
    case '/3pid/bind':
      return { medium: 'email', address: 'bound@example.org', mxid: textAt(body, 'mxid') };
    default:
      return {};
  }
}

/** Identity Service API, "Hashed lookups". */
function hashed(known: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries(
    [...known].map(([address, userId]) => [
      createHash('sha256').update(`${address} ${PEPPER}`).digest('base64url'),
      userId,
    ]),
  );
}
