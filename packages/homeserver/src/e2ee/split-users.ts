import { parseUserId, serverNameOf } from '@soma/protocol';

import type { Encryption } from './encryption.ts';

/** Users of this server, and of others; what is no user ID is left out. */
export function splitUsers<Value>(
  { accounts: { serverName } }: Encryption,
  users: Readonly<Record<string, Value>>,
): { readonly local: Map<string, Value>; readonly remote: Map<string, Value> } {
  const local = new Map<string, Value>();
  const remote = new Map<string, Value>();
  for (const [userId, value] of Object.entries(users)) {
    const parsed = parseUserId(userId);
    if (parsed === undefined) continue;
    (serverNameOf(parsed) === serverName ? local : remote).set(userId, value);
  }
  return { local, remote };
}
