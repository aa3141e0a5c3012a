import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { openStoppedDatabase } from '../../packages/homeserver/src/cli/open-stopped-database.ts';
import { setDestinationFailureStatement } from '../../packages/homeserver/src/federation-client/destination-store.ts';
import {
  knowDestinationStatement,
  noteRoomStatement,
} from '../../packages/homeserver/src/federation-sender/outbox-rooms-store.ts';
import { write } from '../../packages/homeserver/src/storage/database.ts';
import { internedNames } from '../../packages/homeserver/src/storage/names-store.ts';
import { createTestAuthority } from '../../tests/harness/test-certificates.ts';
import { startFederatedSoma, type FederatedSoma } from '../federation/federated-soma.ts';
import { LocalClient } from '../federation/local-client.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { residentMemory } from '../targets/resident-memory.ts';

const destinations = 5_000;
const restMs = 10_000;
const hourMs = 3_600_000;

export const federationIdle: Scenario = {
  name: 'federation-idle',
  title: 'Memory with many destinations',
  about:
    `Resident memory ${restMs / 1000} s after the start of a server: without destinations, and with ` +
    `${destinations.toLocaleString('en')} that a message waits for and that are left alone after a ` +
    'failure (wanted: less than 100 MB more).',
  roundsMax: 3,
  async run(bench) {
    const authority = createTestAuthority();
    for (let round = 0; round < bench.rounds; round += 1) {
      const soma = await startFederatedSoma(bench, authority);
      try {
        const client = await LocalClient.register(soma.port, 'sender');
        const roomId = await client.createRoom();
        await client.send(roomId);
        client.close();
        const title = (count: number): string => `${count.toLocaleString('en')} destinations`;
        await soma.restart();
        await measure(bench, round, soma, title(0));
        await soma.stop();
        await addDestinations(soma.folder, roomId);
        await soma.restart();
        await measure(bench, round, soma, title(destinations));
      } finally {
        await soma.dispose();
      }
    }
  },
};

async function measure(
  bench: Bench,
  pair: number,
  soma: FederatedSoma,
  title: string,
): Promise<void> {
  await sleep(restMs);
  const { total, ownOnly } = residentMemory(soma.pid());
  const figures = { megabytes: total / 1e6, ownMegabytes: ownOnly / 1e6 };
  bench.record({ measure: title, pair, server: 'soma', figures });
  bench.tell(`${title}: ${figures.megabytes.toFixed(1)} MB`);
}

/** Servers that a message waits for: each failed a moment ago, and is not asked again for hours. */
async function addDestinations(folder: string, roomId: string): Promise<void> {
  const { database, close } = await openStoppedDatabase([join(folder, 'homeserver.yaml')], folder);
  try {
    const roomNid = await internedNames(database, 1).rooms.intern(roomId);
    const nowMs = Date.now();
    const failure = { failingSinceTs: nowMs, lastTriedTs: nowMs, retryIntervalMs: 24 * hourMs };
    const statements = Array.from({ length: destinations }, (_, number) => {
      const serverName = `server${number}.example.org`;
      return [
        knowDestinationStatement(serverName),
        noteRoomStatement(serverName, roomNid, database.position),
        setDestinationFailureStatement(serverName, failure),
      ];
    });
    await write(database, { statements: statements.flat(), positions: 0 });
  } finally {
    await close();
  }
}
