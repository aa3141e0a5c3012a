import assert from 'node:assert/strict';

import type { Received } from '../../rooms/inbound/room-intake.ts';
import { ServerUnderTest } from './servers-under-test.ts';
import type { TestNetwork } from './servers-under-test.ts';

interface TestDatabase {
  readonly config: object;
  drop(): Promise<void>;
}

/** As far as servers need a test engine. */
interface TestDatabases {
  createDatabase(): Promise<TestDatabase>;
}

/** Two servers of a test file, on databases of their own. */
export class TwoServers {
  readonly a: ServerUnderTest;
  readonly b: ServerUnderTest;
  readonly #made: readonly TestDatabase[];

  private constructor(
    [a, b]: readonly [ServerUnderTest, ServerUnderTest],
    made: readonly TestDatabase[],
  ) {
    this.a = a;
    this.b = b;
    this.#made = made;
  }

  static async open(engine: TestDatabases, network: TestNetwork): Promise<TwoServers> {
    const made = [await engine.createDatabase(), await engine.createDatabase()] as const;
    const [one, two] = made;
    const a = await ServerUnderTest.open(network, 'a.test', one.config);
    const b = await ServerUnderTest.open(network, 'b.test', two.config);
    return new TwoServers([a, b], made);
  }

  async close(): Promise<void> {
    for (const server of [this.a, this.b]) await server.database.close();
    for (const database of this.#made) await database.drop();
  }

  async assertSound(): Promise<void> {
    for (const server of [this.a, this.b]) assert.deepEqual(await server.problems(), []);
  }

  /** A room of alice's at a, joined by bob of b. */
  async sharedRoom(versionId = '11'): Promise<string> {
    const roomId = await this.a.createRoom(this.a.user('alice'), versionId);
    await this.b.join(this.a, roomId, this.b.user('bob'));
    return roomId;
  }
}

/** Hands over an event that the other server has. */
export async function pass(
  from: ServerUnderTest,
  to: ServerUnderTest,
  roomId: string,
  eventId: string,
): Promise<Received> {
  return to.receive(from, roomId, await from.json(eventId));
}
