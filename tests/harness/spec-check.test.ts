import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkAgainstSpec } from './spec-check.ts';

const sync = '/_matrix/client/v3/sync';
const next = { next_batch: 's1' };

function check(target: string, status: number, body: unknown): () => void {
  return () => checkAgainstSpec('GET', target, { status, body });
}

test('an answer of the right shape passes, of the wrong one not', () => {
  check(sync, 200, next)();
  assert.throws(check(sync, 200, {}), /next_batch/);
  assert.throws(check(sync, 200, { ...next, account_data: 1 }), /account_data/);
});

test('what a schema refers to is part of it', () => {
  const room = (event: object): object => ({
    ...next,
    rooms: { join: { '!room:example.org': { timeline: { events: [event] } } } },
  });
  assert.throws(check(sync, 200, room({ type: 'm.room.message' })), /event_id/);
  check(`${sync}?filter={"event_fields":["type"]}`, 200, room({ type: 'm.room.message' }))();
});

test('older prefixes are held to the same schemas', () => {
  for (const release of ['r0', 'unstable', 'api/v1']) {
    assert.throws(check(`/_matrix/client/${release}/sync?timeout=0`, 200, {}), /next_batch/);
  }
});

test('a refusal is a standard error', () => {
  check(sync, 401, { errcode: 'M_MISSING_TOKEN', error: 'Missing' })();
  assert.throws(check(sync, 401, { errcode: 'M_MISSING_TOKEN' }), /error/);
});

test('the content of an event that the server makes is checked wherever it stands', () => {
  const body = { ...next, presence: { events: [{ type: 'm.presence', content: {} }] } };
  assert.throws(check(sync, 200, body), /presence.*m\.presence/);
});

test('answers to other servers are checked too', () => {
  const path = '/_matrix/federation/v1/state_ids/!room:example.org?event_id=$a';
  check(path, 200, { pdu_ids: [], auth_chain_ids: [] })();
  assert.throws(check(path, 200, { pdu_ids: [] }), /auth_chain_ids/);
  assert.throws(check('/_matrix/key/v2/server', 200, { server_name: 'a' }), /verify_keys/);
});

test('paths that are of no API pass', () => {
  check('/health', 200, { anything: 1 })();
});
