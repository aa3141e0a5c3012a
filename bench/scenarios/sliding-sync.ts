import { listAt, textAt, valueAt } from '../../tests/harness/json-path.ts';
import type { Figures } from '../figures.ts';
import { expectOk } from '../load/expect-ok.ts';
import { HttpConnection } from '../load/http-connection.ts';
import { messageContent } from '../load/message-content.ts';
import { processUsage } from '../load/process-usage.ts';
import { requestText } from '../load/request-text.ts';
import { spreadOf } from '../results.ts';
import { eachRound, prepare, type Round } from '../rounds.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { MatrixClients } from '../setup/matrix-clients.ts';
import { registerUsers } from '../setup/register-users.ts';
import { createRooms } from '../setup/rooms.ts';
import type { ServerUnderTest } from '../targets/server-under-test.ts';
import { fillBare } from './initial-sync-events.ts';

const roomCounts = [10, 1_000, 10_000] as const;
const windowSize = 10;
const times = 20;
/** More than an answer holds. */
const bareEvents = 1_000;

const path = '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync?timeout=0';
const room = {
  timeline_limit: 10,
  required_state: [
    ['m.room.create', ''],
    ['m.room.name', ''],
    ['m.room.encryption', ''],
    ['m.room.power_levels', ''],
    ['m.room.member', '$ME'],
    ['m.room.member', '$LAZY'],
  ],
};
const body = JSON.stringify({
  lists: {
    all: { ranges: [[0, windowSize - 1]], filters: { not_room_types: ['m.space'] }, ...room },
  },
  extensions: {
    account_data: { enabled: true },
    receipts: { enabled: true },
    typing: { enabled: true },
  },
});

interface Member {
  readonly token: string;
  readonly roomIds: readonly string[];
}

export const slidingSync: Scenario = {
  name: 'sliding-sync',
  title: 'Sliding sync',
  about:
    `Simplified sliding sync of users in ${roomCounts.join(', ')} rooms, a list of ${windowSize} rooms with 10 ` +
    'events each and three extensions: the first answer of a connection, right after a start of the server and the ' +
    `median of ${times} more, and the answer to a message in one of the rooms. The bare reference reads as many events ` +
    'as there are in the first answer from its database and sends them.',
  roundsMax: 3,
  async run(bench) {
    const prepared = await prepare(bench, makeMembers);
    await eachRound(bench, prepared, async (round) => {
      await fillBare(bench, round.bare, prepared.world, bareEvents);
      for (const member of prepared.world) {
        const events = await countEvents(round.soma, member);
        await measureFirst(bench, round, round.soma, member, { path, body });
        const bare = { path: `/bare/events?count=${events}` };
        await measureFirst(bench, round, round.bare, member, bare);
        await measureNext(bench, round, member);
      }
    });
  },
};

async function makeMembers(clients: MatrixClients): Promise<Member[]> {
  const users = await registerUsers(clients, roomCounts.length);
  const members: Member[] = [];
  for (const [index, user] of users.entries()) {
    const creators = Array.from({ length: roomCounts[index] ?? 0 }, () => user);
    members.push({ token: user.token, roomIds: await createRooms(clients, creators) });
  }
  return members;
}

async function measureFirst(
  bench: Bench,
  { index }: Round,
  server: ServerUnderTest,
  { token, roomIds }: Member,
  asked: { readonly path: string; readonly body?: string },
): Promise<void> {
  await server.restart();
  // The code is warm, and what is kept in memory of this user is not there yet.
  const other = { kind: 'fetch', port: server.port, path: '/_matrix/client/versions' } as const;
  await bench.load.fetch({ ...other, tokens: [token], times });
  const job = { kind: 'fetch', port: server.port, tokens: [token], ...asked } as const;
  const { wholeMs: first } = await bench.load.fetch({ ...job, times: 1 });
  const before = processUsage(server.pid());
  const { timesMs, bytes } = await bench.load.fetch({ ...job, times });
  const cpuMs = (processUsage(server.pid()).cpuMs - before.cpuMs) / times;
  const later = spreadOf(timesMs)?.median ?? Number.NaN;
  const take = (measure: string, figures: Figures): void =>
    bench.record({
      measure: `${measure}, ${roomIds.length} rooms`,
      pair: index,
      server: server.name,
      figures,
    });
  take('first answer after a start', { p50Ms: first });
  take('first answer', { p50Ms: later, cpuMs });
  bench.tell(
    `${roomIds.length} rooms, ${server.name}: ${first.toFixed(1)} ms, then ${later.toFixed(2)} ms, ` +
      `${cpuMs.toFixed(1)} ms CPU, ${bytes} bytes`,
  );
}

/** How many events are in the first answer of a connection. */
async function countEvents({ port }: ServerUnderTest, { token }: Member): Promise<number> {
  const clients = new MatrixClients(port);
  const answer = await clients.call(0, 'POST', path, token, JSON.parse(body));
  clients.close();
  const rooms = Object.values(Object(valueAt(answer, 'rooms')));
  if (rooms.length !== windowSize) throw new Error(`${rooms.length} rooms in the answer`);
  const lists = rooms.flatMap((each) => [listAt(each, 'timeline'), listAt(each, 'required_state')]);
  return lists.reduce((sum, list) => sum + list.length, 0);
}

async function measureNext(
  bench: Bench,
  { soma, index }: Round,
  { token, roomIds }: Member,
): Promise<void> {
  const connection = new HttpConnection(soma.port);
  const slide = async (pos?: string): Promise<unknown> => {
    const target = pos === undefined ? path : `${path}&pos=${pos}`;
    const answer = await connection.request(requestText('POST', target, soma.port, token, body));
    expectOk(answer, path);
    return JSON.parse(answer.body.toString());
  };
  const timesMs: number[] = [];
  let pos = textAt(await slide(), 'pos');
  for (let count = 0; count < times; count += 1) {
    const roomId = roomIds[(count * 7) % roomIds.length] ?? '';
    const send = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/send/m.room.message/n${count}`;
    const request = requestText('PUT', send, soma.port, token, messageContent);
    expectOk(await connection.request(request), send);
    const startedAt = performance.now();
    const answer = await slide(pos);
    timesMs.push(performance.now() - startedAt);
    if (valueAt(answer, 'rooms', roomId, 'timeline') === undefined) {
      throw new Error('the answer does not tell of the message');
    }
    pos = textAt(answer, 'pos');
  }
  connection.close();
  const p50Ms = spreadOf(timesMs)?.median ?? Number.NaN;
  const measure = `answer to a message, ${roomIds.length} rooms`;
  bench.record({ measure, pair: index, server: 'soma', figures: { p50Ms } });
  bench.tell(`${measure}: ${p50Ms.toFixed(2)} ms`);
}
