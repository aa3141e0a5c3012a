import { listAt, valueAt } from '../../tests/harness/json-path.ts';
import type { Sender } from '../load/jobs.ts';
import type { Bench } from '../scenario.ts';
import { MatrixClients } from '../setup/matrix-clients.ts';
import type { ServerUnderTest } from '../targets/server-under-test.ts';

/** What an initial sync has to be, for its figures to be those of the whole. */
export interface Expected {
  readonly rooms: number;
  readonly timeline: number;
}

/** How many events Soma's answer holds; throws when it is not the answer that was asked for. */
export async function countEvents(
  { port }: ServerUnderTest,
  token: string,
  path: string,
  expected: Expected,
): Promise<number> {
  const clients = new MatrixClients(port);
  const body = await clients.call(0, 'GET', path, token);
  clients.close();
  const joined = Object.values(Object(valueAt(body, 'rooms', 'join')));
  if (joined.length !== expected.rooms) {
    throw new Error(`${joined.length} rooms in the initial sync`);
  }
  let events = 0;
  for (const room of joined) {
    const timeline = listAt(room, 'timeline', 'events').length;
    if (timeline !== expected.timeline) throw new Error(`a timeline of ${timeline} events`);
    events += timeline + listAt(room, 'state', 'events').length;
  }
  return events;
}

/** Gives the bare reference so many events more. */
export async function fillBare(
  bench: Bench,
  bare: ServerUnderTest,
  senders: readonly Sender[],
  events: number,
): Promise<void> {
  await bench.load.send({
    kind: 'send',
    port: bare.port,
    serverPid: bare.pid(),
    workers: 64,
    senders: senders.slice(0, 64),
    warmupMs: 0,
    timeMaxMs: 60_000,
    sendsMax: events,
    followers: [],
  });
}
