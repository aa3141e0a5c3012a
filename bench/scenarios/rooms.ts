import type { Sender } from '../load/jobs.ts';
import { eachRound, prepare } from '../rounds.ts';
import type { Scenario } from '../scenario.ts';
import type { MatrixClients } from '../setup/matrix-clients.ts';
import { registerUsers } from '../setup/register-users.ts';
import { createRooms } from '../setup/rooms.ts';
import { measureSends, warmUp } from './measure-sends.ts';

const counts = [10, 1000, 10_000];
const creators = 10;

export const rooms: Scenario = {
  name: 'rooms',
  title: 'Sends into many rooms',
  about:
    `64 workers send as ${creators} users, each into the rooms it made, one after the other, so ` +
    'that all rooms get as many messages. Each number of rooms has a database of its own.',
  roundsMax: 5,
  async run(bench) {
    for (const count of counts) {
      const prepared = await prepare(bench, (clients) => makeSenders(clients, count));
      const senders = prepared.world;
      await eachRound(bench, prepared, async (round) => {
        await warmUp(bench, round, senders);
        const title = `${count.toLocaleString('en')} rooms`;
        await measureSends(bench, round, { title, workers: 64, senders });
      });
    }
  },
};

async function makeSenders(clients: MatrixClients, count: number): Promise<Sender[]> {
  const users = await registerUsers(clients, creators);
  const owners = Array.from({ length: count }, (_, index) => users.slice(index % creators)[0]);
  const roomIds = await createRooms(
    clients,
    owners.flatMap((owner) => owner ?? []),
  );
  return users.map(({ token }, index) => ({
    token,
    roomIds: roomIds.filter((_, room) => room % creators === index),
  }));
}
