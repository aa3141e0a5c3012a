import type { JsonObject } from '@soma/protocol';

import type { AskedOfUsers, RemoteAnswer } from '../../e2ee/encryption.ts';
import { askServers } from './ask-servers.ts';
import { keysAnswerBytesMax } from './limits.ts';
import { parseClaimedKeys } from './parse-remote-keys.ts';
import type { RemoteUserLists } from './remote-user-lists.ts';

/** Takes one-time keys of devices of other servers: each server gives those of its own users. */
export async function claimRemoteKeys(
  { client }: Pick<RemoteUserLists, 'client'>,
  claims: AskedOfUsers<Readonly<Record<string, string>>>,
  timeoutMs: number,
): Promise<RemoteAnswer> {
  const { answers, failures } = await askServers(
    claims,
    timeoutMs,
    async (destination, users, signal) => {
      const answer = await client.requestJson({
        destination,
        method: 'POST',
        path: '/_matrix/federation/v1/user/keys/claim',
        body: { one_time_keys: Object.fromEntries(users) },
        bodyBytesMax: keysAnswerBytesMax,
        retries: 'none',
        signal,
      });
      return [...users].flatMap(([userId, claimed]): [string, JsonObject][] => {
        const keys = parseClaimedKeys(answer, userId, claimed);
        return keys === undefined ? [] : [[userId, keys]];
      });
    },
  );
  return { users: Object.fromEntries(answers.flat()), failures };
}
