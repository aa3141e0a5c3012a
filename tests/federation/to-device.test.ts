import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';

import { ok, v3 } from '../client-server/requests.ts';
import { registerUser } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { federationTests } from './federation-test.ts';

const test = federationTests();

async function read(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return JSON.parse(text);
}

test('messages to devices of another server are sent to it, once and whole', async (given) => {
  const peer = await given.newPeer();
  const alice = await registerUser(given.one, 'alice');
  const contents: unknown[] = [];
  const done = new Promise<void>((resolve) => {
    peer.answer = (request, response) => {
      void read(request).then((body) => {
        for (const edu of listAt(body, 'edus')) contents.push(valueAt(edu, 'content'));
        response.end('{"pdus":{}}');
        const types = contents.map((content) => valueAt(content, 'type'));
        if (types.includes('m.last')) resolve();
      });
    };
  });
  const [carol, dave] = [`@carol:${peer.serverName}`, `@dave:${peer.serverName}`];
  const big = 'x'.repeat(40_000);
  const messages = { [carol]: { '*': { n: 1, big } }, [dave]: { A: { n: 2, big }, B: { n: 3 } } };
  for (const [type, txnId] of [
    ['m.test', '1'],
    ['m.test', '1'],
    ['m.last', '2'],
  ] as const) {
    const body = { messages: type === 'm.test' ? messages : { [carol]: { A: {} } } };
    await ok(alice, 'PUT', `${v3}/sendToDevice/${type}/${txnId}`, { body });
  }
  await done;
  const ids = new Set(contents.map((content) => valueAt(content, 'message_id')));
  assert.equal(ids.size, 3);
  assert.deepEqual(
    new Set(contents.map((content) => valueAt(content, 'sender'))),
    new Set([alice.userId]),
  );
  const sent = contents.map((content) => valueAt(content, 'messages'));
  assert.deepEqual(sent.pop(), { [carol]: { A: {} } });
  // Two of one request have no order.
  if (valueAt(sent[0], dave) !== undefined) sent.reverse();
  assert.deepEqual(sent, [{ [carol]: messages[carol] }, { [dave]: messages[dave] }]);
});
