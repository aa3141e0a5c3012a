import type { Sender } from '../load/jobs.ts';
import { eachRound, prepare } from '../rounds.ts';
import type { Scenario } from '../scenario.ts';
import type { MatrixClients } from '../setup/matrix-clients.ts';
import { registerUsers } from '../setup/register-users.ts';
import { createRooms, joinRooms } from '../setup/rooms.ts';
import { measureSends, warmUp } from './measure-sends.ts';

const few = 10;
const many = 5000;
const most = 10_000;
const followerCount = 500;

interface World {
  readonly small: readonly Sender[];
  readonly large: readonly Sender[];
  readonly largest: readonly Sender[];
  /** Tokens of members of the large room. */
  readonly followers: readonly string[];
}

export const members: Scenario = {
  name: 'members',
  title: 'Sends into a room by its number of members',
  about:
    `64 workers send as ${few} members of the room. All members are on this server and have the ` +
    `default push rules. Where ${followerCount} of them sync, the load generator reads their ` +
    'answers too, which takes its share of the machine.',
  roundsMax: 5,
  async run(bench) {
    const prepared = await prepare(bench, makeWorld);
    const { small, large, largest, followers } = prepared.world;
    const workers = 64;
    await eachRound(bench, prepared, async (round) => {
      await warmUp(bench, round, small);
      await measureSends(bench, round, { title: `${few} members`, workers, senders: small });
      const title = `${many.toLocaleString('en')} members`;
      await measureSends(bench, round, { title, workers, senders: large });
      const atMost = `${most.toLocaleString('en')} members`;
      await measureSends(bench, round, { title: atMost, workers, senders: largest });
      await measureSends(bench, round, {
        title: `${title}, ${followerCount} of them syncing`,
        workers,
        senders: large,
        followers,
      });
    });
  },
};

async function makeWorld(clients: MatrixClients): Promise<World> {
  const users = await registerUsers(clients, most);
  const [first, ...others] = users;
  if (first === undefined) throw new Error('there are no users');
  const [small = '', large = '', largest = ''] = await createRooms(clients, [first, first, first]);
  await joinRooms(clients, [
    ...others.slice(0, few - 1).map((user) => ({ user, roomId: small })),
    ...others.slice(0, many - 1).map((user) => ({ user, roomId: large })),
    ...others.map((user) => ({ user, roomId: largest })),
  ]);
  const senders = users.slice(0, few);
  return {
    small: senders.map(({ token }) => ({ token, roomIds: [small] })),
    large: senders.map(({ token }) => ({ token, roomIds: [large] })),
    largest: senders.map(({ token }) => ({ token, roomIds: [largest] })),
    followers: others.slice(few, few + followerCount).map(({ token }) => token),
  };
}
