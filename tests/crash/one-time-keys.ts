import assert from 'node:assert/strict';

import type { TestUser } from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';

const v3 = '/_matrix/client/v3';
const algorithm = 'signed_curve25519';
const keysPerUpload = 1_000;

/** Uploads keys with the numbers from `from` on as their IDs. */
export async function uploadOneTimeKeys(
  user: TestUser,
  from: number,
  count: number,
): Promise<void> {
  const key = { key: 'k', signatures: { [user.userId]: { 'ed25519:a': 's' } } };
  for (let first = from; first < from + count; first += keysPerUpload) {
    const length = Math.min(keysPerUpload, from + count - first);
    const names = Array.from({ length }, (_, index) => `${algorithm}:${first + index}`);
    const body = { one_time_keys: Object.fromEntries(names.map((name) => [name, key])) };
    const { status } = await user.request('POST', `${v3}/keys/upload`, { body });
    assert.equal(status, 200);
  }
}

/** The ID of the key that is handed out; undefined when there is none left. */
export async function claimOneTimeKey(
  claimant: TestUser,
  of: TestUser,
): Promise<string | undefined> {
  const body = { one_time_keys: { [of.userId]: { [of.deviceId]: algorithm } } };
  const answer = await claimant.request('POST', `${v3}/keys/claim`, { body });
  assert.equal(answer.status, 200);
  const keys = valueAt(answer.body, 'one_time_keys', of.userId, of.deviceId);
  return keys === undefined ? undefined : Object.keys(Object(keys))[0];
}
