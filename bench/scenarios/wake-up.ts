import type { WakeUpJob } from '../load/jobs.ts';
import { eachRound, prepare, type Round } from '../rounds.ts';
import type { Bench, Scenario } from '../scenario.ts';
import type { MatrixClients } from '../setup/matrix-clients.ts';
import { registerUsers } from '../setup/register-users.ts';
import { createRooms, joinRooms } from '../setup/rooms.ts';
import type { ServerUnderTest } from '../targets/server-under-test.ts';

interface Waiting {
  readonly title: string;
  readonly sender: WakeUpJob['sender'];
  readonly waiters: readonly string[];
  readonly messages: number;
  readonly settleMs: number;
}

const many = 500;
const timeMaxMs = 60_000;

export const wakeUp: Scenario = {
  name: 'sync',
  title: 'Waking of waiting `/sync` requests',
  about:
    'A message is sent while clients wait in `/sync`, all of them members of the room; each ' +
    'must have received the whole answer with the message before the next one is sent. Over all ' +
    'clients and messages; a negative time is a client that had the message before the sender ' +
    'had its 200. The bare reference answers each client with the event alone.',
  roundsMax: 5,
  async run(bench) {
    const prepared = await prepare(bench, makeWorld);
    await eachRound(bench, prepared, async (round) => {
      for (const waiting of prepared.world) {
        await round.both((server) => measureOn(bench, round, server, waiting));
      }
    });
  },
};

async function makeWorld(clients: MatrixClients): Promise<Waiting[]> {
  const [sender, ...others] = await registerUsers(clients, many + 1);
  if (sender === undefined) throw new Error('there are no users');
  const [small = '', large = ''] = await createRooms(clients, [sender, sender]);
  const few = others.slice(0, 1);
  await joinRooms(clients, [
    ...few.map((user) => ({ user, roomId: small })),
    ...others.map((user) => ({ user, roomId: large })),
  ]);
  const { token } = sender;
  return [
    {
      title: '1 waiting client',
      sender: { token, roomId: small },
      waiters: few.map((user) => user.token),
      messages: 200,
      settleMs: 10,
    },
    {
      title: `${many} waiting clients`,
      sender: { token, roomId: large },
      waiters: others.map((user) => user.token),
      messages: 40,
      settleMs: 200,
    },
  ];
}

async function measureOn(
  bench: Bench,
  round: Round,
  server: ServerUnderTest,
  { title, sender, waiters, messages, settleMs }: Waiting,
): Promise<void> {
  const { port } = server;
  const job = { port, sender, waiters, messages, settleMs, warmups: messages / 4, timeMaxMs };
  const result = await bench.load.wakeUp({ kind: 'wake-up', ...job });
  const { afterAnswer, afterRequest } = result;
  bench.record({
    measure: title,
    pair: round.index,
    server: server.name,
    figures: {
      answerP50Ms: afterAnswer.p50Ms,
      answerP99Ms: afterAnswer.p99Ms,
      requestP50Ms: afterRequest.p50Ms,
      requestP99Ms: afterRequest.p99Ms,
    },
  });
  bench.tell(
    `${title}, ${server.name}: p50 ${afterAnswer.p50Ms.toFixed(2)} ms, ` +
      `p99 ${afterAnswer.p99Ms.toFixed(2)} ms after the 200`,
  );
}
