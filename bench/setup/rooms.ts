import { textAt } from '../../tests/harness/json-path.ts';
import { inParallel } from '../in-parallel.ts';
import { messageContent } from '../load/message-content.ts';
import type { MatrixClients } from './matrix-clients.ts';
import type { BenchUser } from './register-users.ts';

const base = '/_matrix/client/v3';
const workers = 64;

/** One public room for each entry of `creators`; gives the room ids in that order. */
export function createRooms(
  clients: MatrixClients,
  creators: readonly BenchUser[],
): Promise<string[]> {
  return inParallel(creators, workers, async ({ token }, worker) => {
    const body = { preset: 'public_chat' };
    return textAt(await clients.call(worker, 'POST', `${base}/createRoom`, token, body), 'room_id');
  });
}

export interface Join {
  readonly user: BenchUser;
  readonly roomId: string;
}

export async function joinRooms(clients: MatrixClients, joins: readonly Join[]): Promise<void> {
  await inParallel(joins, workers, async ({ user, roomId }, worker) => {
    const path = `${base}/join/${encodeURIComponent(roomId)}`;
    await clients.call(worker, 'POST', path, user.token, {});
  });
}

/** Each user sends one message into its room. */
export async function sendMessages(clients: MatrixClients, sends: readonly Join[]): Promise<void> {
  const body: object = JSON.parse(messageContent);
  await inParallel([...sends.entries()], workers, async ([index, { user, roomId }], worker) => {
    const room = encodeURIComponent(roomId);
    const path = `${base}/rooms/${room}/send/m.room.message/setup-${index}`;
    await clients.call(worker, 'PUT', path, user.token, body);
  });
}
