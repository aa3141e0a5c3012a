import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import type { Response } from '../harness/api.ts';
import { testEngines } from '../harness/engines.ts';
import {
  startFederation,
  type FederatedServer,
  type TestFederation,
} from '../harness/federation.ts';
import { valueAt } from '../harness/json-path.ts';
import type { TestPeer } from '../harness/peer.ts';

/** What a test is given: servers that the tests of one file and engine share. */
export interface FederationUnderTest {
  readonly one: FederatedServer;
  readonly two: FederatedServer;
  /** A new server that the test plays. */
  newPeer(): Promise<TestPeer>;
}

export type FederationTest = (
  title: string,
  body: (given: FederationUnderTest) => Promise<void>,
) => void;

/** Declares tests that run on every engine, each on two Somas of the file, started by the first test. */
export function federationTests(config: Readonly<Record<string, unknown>> = {}): FederationTest {
  const engines = testEngines().map((engine) => {
    let started: Promise<TestFederation> | undefined;
    after(async () => (await started?.catch(() => undefined))?.dispose());
    const open = (): Promise<TestFederation> =>
      (started ??= startFederation({ engine, servers: 2, config }));
    return { name: engine.name, open };
  });
  return (title, body) => {
    for (const { name, open } of engines) {
      test(`${title} (${name})`, async () => {
        const { servers, startPeer } = await open();
        const [one, two] = servers;
        assert.ok(one !== undefined && two !== undefined);
        await body({ one, two, newPeer: startPeer });
      });
    }
  };
}

export function assertRefused(answer: Response, status: number, errcode: string): void {
  const { body } = answer;
  const found = [answer.status, valueAt(body, 'errcode')];
  assert.deepEqual(found, [status, errcode], JSON.stringify(body));
}
