import { createHmac } from 'node:crypto';

import { textAt } from '../../tests/harness/json-path.ts';
import { inParallel } from '../in-parallel.ts';
import { sharedSecret } from '../targets/start-soma.ts';
import type { MatrixClients } from './matrix-clients.ts';

export interface BenchUser {
  readonly userId: string;
  readonly token: string;
}

const path = '/_synapse/admin/v1/register';
/** Hashing the passwords is what takes the time, and the machine has few cores. */
const workers = 8;
const password = 'correct horse battery staple';

/** Registers users with the shared secret, as Synapse's Admin API has it. */
export function registerUsers(clients: MatrixClients, count: number): Promise<BenchUser[]> {
  const usernames = Array.from({ length: count }, (_, index) => `user${index}`);
  return register(clients, usernames, false);
}

export async function registerAdmin(clients: MatrixClients): Promise<BenchUser> {
  const [admin] = await register(clients, ['admin'], true);
  if (admin === undefined) throw new Error('no administrator was registered');
  return admin;
}

function register(
  clients: MatrixClients,
  usernames: readonly string[],
  admin: boolean,
): Promise<BenchUser[]> {
  return inParallel(usernames, workers, async (username, worker) => {
    const nonce = textAt(await clients.call(worker, 'GET', path), 'nonce');
    const mac = createHmac('sha1', sharedSecret)
      .update([nonce, username, password, admin ? 'admin' : 'notadmin'].join('\0'))
      .digest('hex');
    const body = { nonce, username, password, admin, mac };
    const answer = await clients.call(worker, 'POST', path, undefined, body);
    return { userId: textAt(answer, 'user_id'), token: textAt(answer, 'access_token') };
  });
}
