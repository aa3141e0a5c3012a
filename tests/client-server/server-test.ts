import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { registerUser, type TestUser } from '../harness/client.ts';
import { testEngines } from '../harness/engines.ts';
import { startHomeserver, type TestHomeserver } from '../harness/homeserver-process.ts';

/** What a black-box test is given: a server that the tests of one file and engine share. */
export interface ServerUnderTest {
  readonly server: TestHomeserver;
  /** The user of this name, registered by the first test that asks. */
  user(name: string): Promise<TestUser>;
  /** A user that nobody else has, for tests of all that a user sees. */
  newUser(): Promise<TestUser>;
}

export type ServerTest = (title: string, body: (given: ServerUnderTest) => Promise<void>) => void;

/**
 * Declares tests that run on every engine, each on one server of the file, started by the first test.
 *
 * @param config top-level options of homeserver.yaml
 */
export function serverTests(config: Readonly<Record<string, unknown>> = {}): ServerTest {
  const engines = testEngines().map((engine) => {
    let given: Promise<ServerUnderTest> | undefined;
    const start = async (): Promise<ServerUnderTest> =>
      underTest(await startHomeserver({ engine, config }));
    after(async () => {
      // A server that did not start has failed each of the tests.
      const server = (await given?.catch(() => undefined))?.server;
      await server?.dispose();
      assert.deepEqual(faultsIn(server?.logs() ?? ''), []);
    });
    return { name: engine.name, open: () => (given ??= start()) };
  });
  return (title, body) => {
    for (const { name, open } of engines) {
      test(`${title} (${name})`, async () => body(await open()));
    }
  };
}

/** What a server logs as a fault of its own, such as each request that it answers with a 500. */
function faultsIn(log: string): string[] {
  return log.split('\n').filter((line) => /"level":(?:50|60|"error"|"fatal")/.test(line));
}

function underTest(server: TestHomeserver): ServerUnderTest {
  const users = new Map<string, Promise<TestUser>>();
  let newUsers = 0;
  return {
    server,
    user(name) {
      const user = users.get(name) ?? registerUser(server, name);
      users.set(name, user);
      return user;
    },
    newUser() {
      newUsers += 1;
      return registerUser(server, `user-${newUsers}`);
    },
  };
}
