import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NoServerAnswered, askInTurn } from './ask-in-turn.ts';

/** A server that answers when the test says so. */
function playedServers(names: readonly string[]) {
  const asked: string[] = [];
  const givenUp: string[] = [];
  const servers = new Map(names.map((name) => [name, Promise.withResolvers<string>()]));
  for (const { promise } of servers.values()) promise.catch(() => undefined);
  const ask = (name: string, signal: AbortSignal): Promise<string> => {
    asked.push(name);
    signal.addEventListener('abort', () => givenUp.push(name));
    const server = servers.get(name);
    assert.ok(server !== undefined);
    return server.promise;
  };
  const answer = (name: string): void => servers.get(name)?.resolve(`answer of ${name}`);
  const fail = (name: string): void => servers.get(name)?.reject(new Error(`no ${name}`));
  return { names, asked, givenUp, ask, answer, fail };
}

const long = 60_000;

test('the first server that answers is the only one asked', async () => {
  const { names, asked, ask, answer } = playedServers(['a', 'b']);
  answer('a');
  const { server, failures } = await askInTurn(names, long, ask);
  assert.equal(server, 'a');
  assert.deepEqual(failures, []);
  assert.deepEqual(asked, ['a']);
});

test('a failure leads to the next server at once, and is told', async () => {
  const { names, asked, ask, answer, fail } = playedServers(['a', 'b', 'c']);
  fail('a');
  fail('b');
  answer('c');
  const { server, answer: given, failures } = await askInTurn(names, long, ask);
  assert.equal(server, 'c');
  assert.equal(given, 'answer of c');
  assert.deepEqual(
    failures.map((failure) => failure.server),
    ['a', 'b'],
  );
  assert.deepEqual(asked, ['a', 'b', 'c']);
});

test('a slow server is not waited for, and is given up when another has answered', async () => {
  const { names, asked, givenUp, ask, answer } = playedServers(['a', 'b', 'c']);
  answer('b');
  const { server } = await askInTurn(names, 1, ask);
  assert.equal(server, 'b');
  assert.deepEqual(asked, ['a', 'b']);
  assert.ok(givenUp.includes('a'));
});

test('a slow server may still be the one that answers', async () => {
  const { names, ask, answer, fail } = playedServers(['a', 'b']);
  fail('b');
  const asking = askInTurn(names, 1, ask);
  setTimeout(() => answer('a'), 20);
  assert.equal((await asking).server, 'a');
});

test('when all have failed their failures are told', async () => {
  const { names, ask, fail } = playedServers(['a', 'b']);
  for (const name of names) fail(name);
  await assert.rejects(askInTurn(names, long, ask), (error) => {
    assert.ok(error instanceof NoServerAnswered);
    assert.deepEqual(
      error.failures.map(({ server }) => server),
      ['a', 'b'],
    );
    return true;
  });
  await assert.rejects(askInTurn([], long, ask), NoServerAnswered);
});
