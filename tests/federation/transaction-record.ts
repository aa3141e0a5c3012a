import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { isJsonObject, type JsonObject } from '@soma/protocol';

import { listAt, valueAt } from '../harness/json-path.ts';
import type { TestPeer } from '../harness/peer.ts';

/** What a peer was sent, and how it takes it. */
export interface TransactionRecord {
  readonly peer: TestPeer;
  /** The bodies of those that it took. */
  readonly transactions: readonly JsonObject[];
  /** The IDs of all that it saw. */
  readonly ids: readonly string[];
  takeAll(): void;
  /** Takes transactions, and says this against each event. */
  refuseEvents(error: string): void;
  answer(status: number, body: JsonObject): void;
  /** Gives no answer. */
  hang(): void;
  /** The events of all that it saw, taken or not. */
  seenPdus(): readonly JsonObject[];
  /** The events that it took. */
  pdus(): readonly JsonObject[];
  /** Resolves with them, once there are so many. */
  untilPdus(count: number): Promise<readonly JsonObject[]>;
  edus(type: string): readonly JsonObject[];
  untilEdu(type: string): Promise<JsonObject>;
  until(holds: () => boolean | Promise<boolean>): Promise<void>;
}

type Play = (transaction: JsonObject, response: ServerResponse) => boolean;

const waitMsMax = 20_000;

export function recordTransactions(peer: TestPeer): TransactionRecord {
  const taken: JsonObject[] = [];
  const seen: JsonObject[] = [];
  const ids: string[] = [];
  const takeAll: Play = (_, response) => reply(response, 200, { pdus: {} });
  let play = takeAll;
  peer.answer = (request, response) => {
    void readBody(request).then((transaction) => {
      assert.match(request.url ?? '', /^\/_matrix\/federation\/v1\/send\/[\w-]+$/);
      seen.push(transaction);
      ids.push(request.url?.split('/').at(-1) ?? '');
      if (play(transaction, response)) taken.push(transaction);
    });
  };
  const pdusOf = (transactions: readonly JsonObject[]): JsonObject[] =>
    transactions.flatMap((body) => listAt(body, 'pdus').filter((pdu) => isJsonObject(pdu)));
  const edus = (type: string): JsonObject[] =>
    taken
      .flatMap((body) => listAt(body, 'edus'))
      .filter((edu) => valueAt(edu, 'edu_type') === type)
      .map((edu) => valueAt(edu, 'content'))
      .filter((content) => isJsonObject(content));
  return {
    peer,
    transactions: taken,
    ids,
    takeAll: () => void (play = takeAll),
    refuseEvents: (error) => void (play = refusing(error)),
    answer: (status, body) =>
      void (play = (_, response) => {
        reply(response, status, body);
        return false;
      }),
    hang: () => void (play = () => false),
    seenPdus: () => pdusOf(seen),
    pdus: () => pdusOf(taken),
    untilPdus: async (count) => {
      await until(() => pdusOf(taken).length >= count);
      return pdusOf(taken);
    },
    edus,
    untilEdu: async (type) => {
      await until(() => edus(type).length > 0);
      return edus(type)[0] ?? {};
    },
    until,
  };
}

function refusing(error: string): Play {
  return (transaction, response) => {
    const count = listAt(transaction, 'pdus').length;
    const results = Array.from({ length: count }, (_, index) => [`$refused${index}`, { error }]);
    return reply(response, 200, { pdus: Object.fromEntries(results) });
  };
}

function reply(response: ServerResponse, status: number, body: JsonObject): boolean {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
  return true;
}

async function readBody(request: IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + waitMsMax;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, 'it does not come');
    await sleep(10);
  }
}
