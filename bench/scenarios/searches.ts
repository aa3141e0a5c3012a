import { listAt, valueAt } from '../../tests/harness/json-path.ts';
import type { Sender, SendJob } from '../load/jobs.ts';
import { spreadOf } from '../results.ts';
import { eachRound, prepare, type Prepared, type Round } from '../rounds.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { addPeople } from '../setup/many-people.ts';
import { MatrixClients } from '../setup/matrix-clients.ts';
import { registerUsers } from '../setup/register-users.ts';
import { createRooms, joinRooms } from '../setup/rooms.ts';
import type { ServerUnderTest } from '../targets/server-under-test.ts';

const messageCount = 1_000_000;
const peopleCount = 100_000;
const roomCount = 10;
const senderCount = 64;
const times = 50;
const pageSize = 10;
const fillMsMax = 3_600_000;

/** So many messages differ; each of them is sent 100 times. */
const contentCount = 10_000;
const vocabulary = Array.from({ length: 5_000 }, (_, index) => `w${(index * 7_919).toString(36)}`);
const familyNames = ['Sørensen', 'Nakamura', 'Müller', 'Okafor', 'Иванова', 'Silva', 'Haddad'];

const searchPath = '/_matrix/client/v3/search';
const directoryPath = '/_matrix/client/v3/user_directory/search';

interface World {
  readonly senders: readonly Sender[];
}

export const searches: Scenario = {
  name: 'searches',
  title: 'Searching',
  about:
    `One user searches ${messageCount.toLocaleString('en')} messages in ${roomCount} rooms, all of which are visible to ` +
    `the user, for words that so many of them hold, and ${peopleCount.toLocaleString('en')} people with whom it ` +
    `shares a room; the median of ${times} requests, one after the other. The bare reference reads ` +
    `${pageSize} rows from its database and sends them. The people are rows of the database, the messages were sent.`,
  roundsMax: 1,
  async run(bench) {
    const prepared = await prepare(bench, makeWorld);
    await fill(bench, prepared);
    await eachRound(bench, prepared, async (round) => {
      const token = prepared.world.senders[0]?.token ?? '';
      await sendSome(bench, round.bare, prepared.world, { sendsMax: 100 });
      await bringUpToDate(round.soma, token);
      for (const [name, term, hits] of messageTerms) {
        for (const orderBy of ['recent', 'rank']) {
          const body = searchBody(term, orderBy);
          const found = await askOnce(round.soma, searchPath, token, body);
          const count = valueAt(found, 'search_categories', 'room_events', 'count');
          if (Number(count) === 0) throw new Error(`nothing holds ${term}`);
          await measure(bench, round, `${name} (${hits}), ${orderBy}`, searchPath, token, body);
        }
      }
      for (const [name, term] of peopleTerms) {
        const body = { search_term: term, limit: pageSize };
        const found = await askOnce(round.soma, directoryPath, token, body);
        if (listAt(found, 'results').length === 0) throw new Error(`nobody is found by ${term}`);
        await measure(bench, round, name, directoryPath, token, body);
      }
    });
  },
};

const messageTerms = [
  ['a rare word', 'sextant', '100 messages'],
  ['a word', 'quince', '1,000 messages'],
  ['a common word', 'harbour', '100,000 messages'],
  ['a word of all messages', 'the', '1,000,000 messages'],
  ['a word and a common one', 'quince harbour', '100 messages'],
] as const;

const peopleTerms = [
  ['people, by a user ID', '@person99999'],
  ['people, by a whole name', 'müller 4321'],
  ['people, by the beginning of a name', 'oka'],
  ['people, by a name of one in seven', 'nakamura'],
] as const;

function searchBody(term: string, orderBy: string): object {
  const criteria = { search_term: term, order_by: orderBy, filter: { limit: pageSize } };
  return { search_categories: { room_events: criteria } };
}

async function makeWorld(clients: MatrixClients): Promise<World> {
  const users = await registerUsers(clients, senderCount);
  const roomIds = await createRooms(clients, users.slice(0, roomCount));
  const joins = users.flatMap((user, index) =>
    roomIds.flatMap((roomId, room) => (room === index ? [] : [{ user, roomId }])),
  );
  await joinRooms(clients, joins);
  return { senders: users.map(({ token }) => ({ token, roomIds })) };
}

async function fill(bench: Bench, { template, world }: Prepared<World>): Promise<void> {
  const names = Array.from(
    { length: peopleCount },
    (_, index) => `${familyNames[index % familyNames.length]} ${index}`,
  );
  await addPeople(template.folder, world.senders[0]?.roomIds[0] ?? '', names);
  await template.restart();
  const contents = Array.from({ length: contentCount }, (_, index) => contentOf(index));
  await sendSome(bench, template, world, { sendsMax: messageCount, contents });
  await bringUpToDate(template, world.senders[0]?.token ?? '');
  await template.stop();
}

async function sendSome(
  bench: Bench,
  server: ServerUnderTest,
  { senders }: World,
  what: Pick<SendJob, 'sendsMax' | 'contents'>,
): Promise<void> {
  await bench.load.send({
    kind: 'send',
    port: server.port,
    serverPid: server.pid(),
    workers: senderCount,
    senders,
    warmupMs: 0,
    timeMaxMs: fillMsMax,
    followers: [],
    ...what,
  });
}

/** The n-th of the messages that differ: words that are drawn without chance, and those that are searched for. */
function contentOf(index: number): string {
  const words = Array.from({ length: 10 }, (_, nth) => {
    const place = (index * 31 + nth * nth * 977) % vocabulary.length;
    return vocabulary[place] ?? '';
  });
  if (index === 17) words.push('sextant');
  if (index % 1_000 === 17) words.push('quince');
  if (index % 10 === 3 || index === 17) words.push('harbour');
  return JSON.stringify({ msgtype: 'm.text', body: `the ${words.join(' ')}` });
}

/** A search waits for the indexes to hold all that was written before. */
async function bringUpToDate(server: ServerUnderTest, token: string): Promise<void> {
  await askOnce(server, searchPath, token, searchBody('sextant', 'recent'));
  await askOnce(server, directoryPath, token, { search_term: 'nobody' });
}

async function askOnce(
  { port }: ServerUnderTest,
  path: string,
  token: string,
  body: object,
): Promise<unknown> {
  const clients = new MatrixClients(port);
  try {
    return await clients.call(0, 'POST', path, token, body);
  } finally {
    clients.close();
  }
}

async function measure(
  bench: Bench,
  round: Round,
  name: string,
  path: string,
  token: string,
  body: object,
): Promise<void> {
  await round.both(async (server) => {
    const asked =
      server.name === 'soma'
        ? { path, body: JSON.stringify(body) }
        : { path: `/bare/events?count=${pageSize}` };
    const job = { kind: 'fetch', port: server.port, tokens: [token], times, ...asked } as const;
    const spread = spreadOf((await bench.load.fetch(job)).timesMs);
    const p50Ms = spread?.median ?? Number.NaN;
    bench.record({ measure: name, pair: round.index, server: server.name, figures: { p50Ms } });
    bench.tell(
      `${name}, ${server.name}: ${p50Ms.toFixed(2)} ms, at most ${spread?.max.toFixed(2)}`,
    );
  });
}
